/** The part of Serverless (osls) that reading a service needs. */
export interface Serverless {
  readonly service: {
    readonly service: string;
    functions: Record<string, FunctionDefinition>;
    resources?: unknown;
    readonly custom?: Record<string, unknown>;
    readonly provider: {
      name?: string;
      compiledCloudFormationTemplate?: unknown;
      timeout?: number;
      stage?: string;
      region?: string;
    };
    getAllFunctions(): string[];
    getFunction(key: string): FunctionDefinition;
  };
  readonly serviceDir?: string;
  /** `Error` is for what the user can correct: Serverless shows it without a stack trace. */
  readonly classes: { readonly Error: new (message: string, code: string, options?: ErrorOptions) => Error };
  readonly pluginManager: { readonly plugins: readonly object[] };
  getProvider(name: 'aws'): AwsProvider;
}

interface AwsProvider {
  readonly naming: {
    getLambdaLogicalId(key: string): string;
    getCustomResourceS3ResourceLogicalId(key: string): string;
    getCustomResourceS3HandlerFunctionLogicalId(): string;
    getCustomResourcesRoleLogicalId(): string;
    getStackName(): string;
  };
  getStage(): string;
  getRegion(): string;
}

/** A function of serverless.yml. */
export interface FunctionDefinition {
  readonly name?: string;
  readonly timeout?: number;
  events?: readonly Record<string, unknown>[];
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAge?: number;
  readonly destinations?: { readonly onSuccess?: unknown; readonly onFailure?: unknown };
  readonly onError?: unknown;
  /** A number, or a text when it comes from the environment. */
  readonly provisionedConcurrency?: number | string;
}
