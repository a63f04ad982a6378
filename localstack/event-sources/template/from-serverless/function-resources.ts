import type { Resource } from '../template.ts';
import type { FunctionDefinition, Serverless } from './serverless.ts';

/** The timeout that osls compiles when neither the function nor the provider sets one. */
const OSLS_DEFAULT_TIMEOUT_SECONDS = 6;

/** The service's functions and their `EventInvokeConfig`s, without code. */
export function functionResources(serverless: Serverless): Record<string, Resource> {
  const { naming } = serverless.getProvider('aws');
  const resources: Record<string, Resource> = {};
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    const logicalId = naming.getLambdaLogicalId(key);
    resources[logicalId] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: definition.name,
        Timeout: definition.timeout ?? serverless.service.provider.timeout ?? OSLS_DEFAULT_TIMEOUT_SECONDS,
        Role: 'arn:aws:iam::000000000000:role/local',
        ...(definition.onError !== undefined && { DeadLetterConfig: { TargetArn: definition.onError } }),
      },
    };
    const invokeConfig = eventInvokeConfig(serverless, logicalId, definition);
    if (invokeConfig !== undefined) resources[`${logicalId}EvConf`] = invokeConfig;
  }
  return resources;
}

function eventInvokeConfig(
  serverless: Serverless,
  logicalId: string,
  { destinations, maximumRetryAttempts, maximumEventAge }: FunctionDefinition,
): Resource | undefined {
  if (destinations === undefined && maximumRetryAttempts === undefined && maximumEventAge === undefined)
    return undefined;
  const destination = (target: unknown) => ({ Destination: destinationArn(serverless, target) });
  return {
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

/** serverless.yml names a destination by its ARN, by the key of a function of the service, or as `{arn, type}`. */
function destinationArn(serverless: Serverless, target: unknown): unknown {
  if (typeof target === 'object' && target !== null && 'arn' in target) return target.arn;
  if (typeof target === 'string' && serverless.service.getAllFunctions().includes(target)) {
    return { 'Fn::GetAtt': [serverless.getProvider('aws').naming.getLambdaLogicalId(target), 'Arn'] };
  }
  return target;
}
