/** What the local stack reads and changes of a loaded serverless.yml. Values may be CloudFormation functions. */
export interface Service {
  readonly service: string;
  readonly provider: {
    stage: string;
    region: string;
    environment?: Environment;
    s3?: Record<string, BucketSettings>;
  };
  custom?: Record<string, unknown>;
  resources?: { Resources?: Record<string, Resource> };
  getAllFunctions(): string[];
  getFunction(key: string): FunctionDefinition;
}

export type Environment = Record<string, unknown>;

export interface FunctionDefinition {
  /** The deployed name, which differs from the key in serverless.yml. */
  readonly name: string;
  environment?: Environment;
  readonly events?: readonly Record<string, unknown>[];
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

export interface BucketSettings {
  readonly name?: string;
  readonly versioningConfiguration?: { readonly Status?: string };
}

export interface Serverless {
  readonly service: Service;
  readonly serviceDir: string;
}
