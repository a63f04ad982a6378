import { createRequire } from 'node:module';
import { join } from 'node:path';
import type {
  FunctionDefinition,
  Serverless,
} from '../../../../../localstack/event-sources/template/from-serverless/serverless.ts';

const require = createRequire(join(process.cwd(), 'package.json'));
const oslsPath = 'serverless/lib/plugins/aws';

/** osls' own compile steps, on a service that exists in memory only. */
export class FakeServerless implements Serverless {
  readonly service: Serverless['service'];
  readonly classes = { Error };
  readonly pluginManager: { plugins: object[] };
  readonly configSchemaHandler = { defineFunctionEvent: () => {}, defineCustomProperties: () => {} };
  readonly #provider: ReturnType<Serverless['getProvider']>;

  constructor(functions: Record<string, FunctionDefinition>, resources: object = {}) {
    this.service = {
      service: 'demo',
      functions,
      resources,
      provider: { name: 'aws' },
      getAllFunctions: () => Object.keys(this.service.functions),
      getFunction: (key) => this.service.functions[key] as FunctionDefinition,
    };
    this.#provider = {
      naming: { ...require(`${oslsPath}/lib/naming`), getStackName: () => 'demo-local' },
      getStage: () => 'local',
      getRegion: () => 'eu-central-1',
      resolveFunctionIamRoleResourceName: () => null,
    } as ReturnType<Serverless['getProvider']>;
    class AwsPackage {
      readonly serverless: unknown;
      constructor(serverless: unknown) {
        this.serverless = serverless;
        Object.assign(this, require(`${oslsPath}/package/lib/merge-custom-provider-resources`));
      }
    }
    const events = ['msk/index', 'kafka', 's3/index', 'schedule'].map((name) =>
      require(`${oslsPath}/package/compile/events/${name}`),
    );
    this.pluginManager = { plugins: [...events, AwsPackage].map((Plugin) => new Plugin(this, {}, {})) };
  }

  /** The compile step's plugin with the class name. */
  plugin(name: string): Record<string, unknown> {
    const found = this.pluginManager.plugins.find((candidate) => candidate.constructor.name === name);
    return found as Record<string, unknown>;
  }

  getProvider(): ReturnType<Serverless['getProvider']> {
    return this.#provider;
  }
}
