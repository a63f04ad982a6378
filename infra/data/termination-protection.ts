import {
  CloudFormationClient,
  type CloudFormationClientConfig,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';

interface AwsProvider {
  readonly naming: { getStackName(): string };
  getAwsSdkV3Config(): Promise<CloudFormationClientConfig>;
}

interface Serverless {
  readonly service: { readonly custom?: { readonly terminationProtection?: boolean | string } };
  getProvider(name: 'aws'): AwsProvider;
}

/** Serverless plugin: protects the stack from deletion after a deployment, which no template can say. */
export default class TerminationProtectionPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
    this.hooks = { 'after:deploy:deploy': () => this.#protect() };
  }

  async #protect(): Promise<void> {
    const provider = this.#serverless.getProvider('aws');
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    try {
      await client.send(
        new UpdateTerminationProtectionCommand({
          StackName: provider.naming.getStackName(),
          // A parameter of the command line is a text.
          EnableTerminationProtection: String(this.#serverless.service.custom?.terminationProtection) === 'true',
        }),
      );
    } finally {
      client.destroy();
    }
  }
}
