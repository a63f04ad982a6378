import type { Resource } from '../template.ts';
import type { Serverless } from './serverless.ts';

interface ExistingBucketEvent {
  readonly bucket: unknown;
  readonly event?: string;
  readonly rules?: unknown;
}

/**
 * The `Custom::S3` resources that packaging compiles from `s3` events with `existing: true`, with the function that serves
 * them and its role, which extensions of the service may change. The step of osls is not used, because it also bundles that
 * function.
 */
export function existingBucketResources(serverless: Serverless): Record<string, Resource> {
  const { naming } = serverless.getProvider('aws');
  const resources: Record<string, Resource> = {};
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    const events = (definition.events ?? []).flatMap(({ s3 }) =>
      typeof s3 === 'object' && s3 !== null && (s3 as { existing?: boolean }).existing === true
        ? [s3 as ExistingBucketEvent]
        : [],
    );
    const [first] = events;
    if (first === undefined) continue;
    resources[naming.getCustomResourcesRoleLogicalId()] = { Type: 'AWS::IAM::Role' };
    resources[naming.getCustomResourceS3HandlerFunctionLogicalId()] = { Type: 'AWS::Lambda::Function' };
    resources[naming.getCustomResourceS3ResourceLogicalId(key)] = {
      Type: 'Custom::S3',
      Properties: {
        FunctionName: definition.name,
        // All `existing` events of a function name the same bucket: osls accepts no others.
        BucketName: first.bucket,
        BucketConfigs: events.map(({ event, rules }) => ({
          Event: event ?? 's3:ObjectCreated:*',
          Rules: rules ?? [],
        })),
      },
    };
  }
  return resources;
}
