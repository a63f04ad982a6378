import type { Resource, Template } from './template.ts';

/** The part of Serverless (osls) that compiling needs. */
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
  /** `Error` is for what the user can mend; it is shown without a stack. */
  readonly classes: { readonly Error: new (message: string, code: string, options?: ErrorOptions) => Error };
  readonly pluginManager: { readonly plugins: readonly object[] };
  getProvider(name: 'aws'): AwsProvider;
}

interface AwsProvider {
  readonly naming: {
    getLambdaLogicalId(key: string): string;
    getStackName(): string;
  };
  getStage(): string;
  getRegion(): string;
}

interface FunctionDefinition {
  readonly name?: string;
  readonly timeout?: number;
  events?: readonly Record<string, unknown>[];
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAge?: number;
  readonly destinations?: { readonly onSuccess?: unknown; readonly onFailure?: unknown };
  readonly onError?: unknown;
}

type Compiler = Record<string, () => unknown>;

/** The compiling steps of osls that write event sources, by plugin. None of them packages or uploads anything. */
const steps: readonly [plugin: string, method: string][] = [
  ['AwsCompileMSKEvents', 'compileMSKEvents'],
  ['AwsCompileKafkaEvents', 'compileKafkaEvents'],
  ['AwsCompileS3Events', 'newS3Buckets'],
  ['AwsCompileScheduledEvents', 'compileScheduledEvents'],
  ['AwsPackage', 'mergeCustomProviderResources'],
];

/**
 * The template as packaging would compile it, event sources only, without packaging: osls's own steps run over a
 * template of bare functions, on copies of whatever they change. Takes milliseconds.
 */
export function compileTemplate(serverless: Serverless): Template {
  const { service } = serverless;
  const saved = {
    functions: service.functions,
    resources: service.resources,
    template: service.provider.compiledCloudFormationTemplate,
  };
  const template: { Resources: Record<string, Resource>; Outputs: object } = {
    Resources: bareFunctions(serverless),
    Outputs: {},
  };
  try {
    service.functions = structuredClone(saved.functions);
    if (saved.resources !== undefined) service.resources = structuredClone(saved.resources);
    service.provider.compiledCloudFormationTemplate = template;
    for (const [pluginName, method] of steps) {
      if (method === 'mergeCustomProviderResources') restoreZeroWindows(serverless, template.Resources);
      const plugin = serverless.pluginManager.plugins.find((candidate) => candidate.constructor.name === pluginName);
      (plugin as Compiler | undefined)?.[method]?.();
    }
  } finally {
    service.functions = saved.functions;
    service.resources = saved.resources;
    service.provider.compiledCloudFormationTemplate = saved.template;
  }
  return { ...template, Resources: { ...template.Resources, ...existingBuckets(serverless) } };
}

/**
 * osls leaves `maximumBatchingWindow: 0` out of the template, so that a mapping which is to send at once would wait half
 * a second. Puts the 0 into the mappings compiled so far, unless they say otherwise.
 */
export function restoreZeroWindows(serverless: Serverless, resources: Record<string, Resource>): void {
  const { naming } = serverless.getProvider('aws');
  for (const key of serverless.service.getAllFunctions()) {
    const logicalId = naming.getLambdaLogicalId(key);
    for (const event of serverless.service.getFunction(key).events ?? []) {
      const source = (event['msk'] ?? event['kafka']) as { topic?: string; maximumBatchingWindow?: number } | undefined;
      if (source?.maximumBatchingWindow !== 0) continue;
      for (const resource of Object.values(resources)) {
        const properties = (resource.Properties ?? {}) as Record<string, unknown>;
        if (
          resource.Type === 'AWS::Lambda::EventSourceMapping' &&
          JSON.stringify(properties['Topics']) === JSON.stringify([source.topic]) &&
          JSON.stringify(properties['FunctionName'] ?? '').includes(`"${logicalId}"`)
        ) {
          properties['MaximumBatchingWindowInSeconds'] ??= 0;
        }
      }
    }
  }
}

function bareFunctions(serverless: Serverless): Record<string, Resource> {
  const { naming } = serverless.getProvider('aws');
  const resources: Record<string, Resource> = {};
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    const logicalId = naming.getLambdaLogicalId(key);
    resources[logicalId] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: definition.name,
        // osls compiles this default where neither names a timeout.
        Timeout: definition.timeout ?? serverless.service.provider.timeout ?? 6,
        Role: 'arn:aws:iam::000000000000:role/local',
        ...(definition.onError !== undefined && { DeadLetterConfig: { TargetArn: definition.onError } }),
      },
    };
    const { destinations, maximumRetryAttempts, maximumEventAge } = definition;
    if (destinations === undefined && maximumRetryAttempts === undefined && maximumEventAge === undefined) continue;
    const destination = (target: unknown) => ({ Destination: destinationArn(serverless, target) });
    resources[`${logicalId}EvConf`] = {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: logicalId },
        ...(maximumRetryAttempts !== undefined && { MaximumRetryAttempts: maximumRetryAttempts }),
        ...(maximumEventAge !== undefined && { MaximumEventAgeInSeconds: maximumEventAge }),
        DestinationConfig: {
          ...(destinations?.onSuccess !== undefined && { OnSuccess: destination(destinations.onSuccess) }),
          ...(destinations?.onFailure !== undefined && { OnFailure: destination(destinations.onFailure) }),
        },
      },
    };
  }
  return resources;
}

/** A destination is an ARN, the key of a function of the service, or `{arn, type}`. */
function destinationArn(serverless: Serverless, target: unknown): unknown {
  if (typeof target === 'object' && target !== null && 'arn' in target) return target.arn;
  if (typeof target === 'string' && serverless.service.getAllFunctions().includes(target)) {
    return { 'Fn::GetAtt': [serverless.getProvider('aws').naming.getLambdaLogicalId(target), 'Arn'] };
  }
  return target;
}

/**
 * `existing: true` buckets: packaging makes a custom resource of them together with the function that serves it, which
 * would be bundled; only what the resource says is needed.
 */
function existingBuckets(serverless: Serverless): Record<string, Resource> {
  const resources: Record<string, Resource> = {};
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    const configured = (definition.events ?? []).flatMap(({ s3 }) =>
      typeof s3 === 'object' && s3 !== null && (s3 as { existing?: boolean }).existing === true
        ? [s3 as { bucket: unknown; event?: string; rules?: unknown }]
        : [],
    );
    const [first] = configured;
    if (first === undefined) continue;
    resources[`${serverless.getProvider('aws').naming.getLambdaLogicalId(key)}CustomS3`] = {
      Type: 'Custom::S3',
      Properties: {
        FunctionName: definition.name,
        BucketName: first.bucket,
        BucketConfigs: configured.map(({ event, rules }) => ({
          Event: event ?? 's3:ObjectCreated:*',
          Rules: rules ?? [],
        })),
      },
    };
  }
  return resources;
}

/**
 * Takes the `schedule` events away from serverless-offline, which would fire them by the wall clock in local time, off by
 * a weekday. Only for this process, and only after the template was compiled: nothing else looks at them then.
 */
export function takeOverSchedules(serverless: Serverless): void {
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    definition.events = (definition.events ?? []).filter((event) => event['schedule'] === undefined);
  }
}
