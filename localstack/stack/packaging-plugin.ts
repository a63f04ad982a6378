import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

/** What this reads and changes of Serverless. */
interface PackagedServerless {
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate?: { readonly Resources: Record<string, Resource> } };
    readonly custom?: {
      readonly esbuild?: { readonly outputWorkFolder?: string };
      readonly versionDescription?: unknown;
    };
    readonly package: { patterns?: readonly string[] };
    readonly functions: Readonly<Record<string, { readonly package?: { patterns?: readonly string[] } }>>;
  };
}

/** Serverless plugin: what serverless-esbuild lacks for this service. Listed before it, because hooks run in this order. */
export default class PackagingPlugin {
  readonly hooks: Record<string, () => void>;
  readonly #serverless: PackagedServerless;
  #temporaryDirectory: string | undefined;

  constructor(serverless: PackagedServerless) {
    this.#serverless = serverless;
    const useOwn = () => this.#useOwnTemporaryDirectory();
    const restore = () => this.#restoreTemporaryDirectory();
    this.hooks = {
      initialize: () => this.#shareFiles(),
      'before:package:createDeploymentArtifacts': useOwn,
      'after:package:createDeploymentArtifacts': restore,
      'before:deploy:function:packageFunction': useOwn,
      'after:deploy:function:packageFunction': restore,
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.#describeVersions(),
    };
  }

  /**
   * `serverless offline` runs all functions from one folder, so there the files of single functions are files of all.
   * serverless-esbuild would put them in folders that nothing reads.
   */
  #shareFiles(): void {
    const { service, processedInput } = this.#serverless;
    if (processedInput.commands[0] !== 'offline') return;
    const own = Object.values(service.functions).flatMap((definition) => {
      const patterns = definition.package?.patterns ?? [];
      if (definition.package !== undefined) definition.package.patterns = [];
      return patterns;
    });
    service.package.patterns = [...(service.package.patterns ?? []), ...own];
  }

  /**
   * serverless-esbuild copies each package to the temporary directory, and fails to delete the copy because its folder is
   * not empty. In the bundler's own folder the copies are deleted together with it.
   */
  #useOwnTemporaryDirectory(): void {
    const { serviceDir, service } = this.#serverless;
    const directory = join(serviceDir, service.custom?.esbuild?.outputWorkFolder ?? '.esbuild', 'tmp');
    mkdirSync(directory, { recursive: true });
    this.#temporaryDirectory = process.env['TMPDIR'] ?? '';
    process.env['TMPDIR'] = directory;
  }

  #restoreTemporaryDirectory(): void {
    if (this.#temporaryDirectory === undefined) return;
    if (this.#temporaryDirectory === '') delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = this.#temporaryDirectory;
  }

  /**
   * A version keeps the environment with which it was published. CloudFormation publishes another one only when the
   * properties of the version change, and those that Serverless writes know nothing of addresses that come from SSM: the
   * alias would keep the address of a database that was replaced.
   */
  #describeVersions(): void {
    const { provider, custom } = this.#serverless.service;
    if (custom?.versionDescription === undefined) return;
    for (const { Type, Properties } of Object.values(provider.compiledCloudFormationTemplate?.Resources ?? {})) {
      if (Type === 'AWS::Lambda::Version' && Properties) Properties['Description'] = custom.versionDescription;
    }
  }
}
