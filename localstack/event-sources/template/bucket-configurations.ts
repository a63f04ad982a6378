import type { Intrinsics } from './intrinsics.ts';
import { resourcesOfType, type Template } from './template.ts';

export interface FilterRule {
  readonly Name?: string;
  readonly Value?: string;
}

/** A notification of a bucket as it is configured, in one form for all kinds of resources and targets. */
export interface BucketConfiguration {
  readonly resource: string;
  /** For instance `LambdaConfigurations[0]`. */
  readonly property: string;
  readonly bucket: string;
  /** Only functions are invoked. Queues and topics matter for the rules that S3 has for all configurations of a bucket. */
  readonly kind: 'function' | 'queue' | 'topic';
  readonly target: unknown;
  readonly events: readonly string[];
  readonly rules: readonly FilterRule[];
  /** Absent: AWS generates it. */
  readonly configurationId?: string | undefined;
  /** The same at each start; it stands in for a generated id. */
  readonly identity: string;
}

interface NotificationConfiguration {
  readonly LambdaConfigurations?: readonly ResourceConfiguration[];
  readonly QueueConfigurations?: readonly ResourceConfiguration[];
  readonly TopicConfigurations?: readonly ResourceConfiguration[];
}

interface ResourceConfiguration {
  readonly Event?: string;
  readonly Events?: readonly string[];
  readonly Id?: string;
  readonly Function?: string;
  readonly Queue?: string;
  readonly Topic?: string;
  readonly Filter?: { readonly S3Key?: { readonly Rules?: readonly FilterRule[] } };
}

/** The custom resource that osls makes for the `s3` events of a function with `existing: true`. */
interface ExistingBucketProperties {
  readonly FunctionName?: string;
  readonly BucketName?: string;
  readonly BucketConfigs?: readonly { readonly Event?: string; readonly Rules?: readonly Record<string, string>[] }[];
}

const kinds = [
  ['LambdaConfigurations', 'function', 'Function'],
  ['QueueConfigurations', 'queue', 'Queue'],
  ['TopicConfigurations', 'topic', 'Topic'],
] as const;

/** All notifications that the template configures for buckets. */
export function bucketConfigurations(template: Template, intrinsics: Intrinsics): BucketConfiguration[] {
  return [...ofBuckets(template, intrinsics), ...ofExistingBuckets(template, intrinsics)];
}

function ofBuckets(template: Template, intrinsics: Intrinsics): BucketConfiguration[] {
  return resourcesOfType(template, 'AWS::S3::Bucket').flatMap(([resource, bucket]) => {
    const properties = intrinsics.properties(resource, bucket, ['NotificationConfiguration']) as {
      NotificationConfiguration?: NotificationConfiguration;
    };
    return kinds.flatMap(([list, kind, targetProperty]) =>
      (properties.NotificationConfiguration?.[list] ?? []).map(
        ({ Event, Events, Id, Filter, ...targets }, index): BucketConfiguration => ({
          resource,
          property: `${list}[${index}]`,
          bucket: intrinsics.references.nameOf(resource),
          kind,
          target: targets[targetProperty],
          events: Events ?? (Event === undefined ? [] : [Event]),
          rules: Filter?.S3Key?.Rules ?? [],
          configurationId: Id,
          identity: `${resource}/${index}`,
        }),
      ),
    );
  });
}

function ofExistingBuckets(template: Template, intrinsics: Intrinsics): BucketConfiguration[] {
  return resourcesOfType(template, 'Custom::S3').flatMap(([resource, custom]) => {
    const { FunctionName, BucketName, BucketConfigs } = intrinsics.properties(
      resource,
      custom,
    ) as ExistingBucketProperties;
    return (BucketConfigs ?? []).map(
      ({ Event, Rules }, index): BucketConfiguration => ({
        resource,
        property: `BucketConfigs[${index}]`,
        bucket: BucketName ?? '',
        kind: 'function',
        target: FunctionName,
        events: [Event ?? 's3:ObjectCreated:*'],
        rules: (Rules ?? []).flatMap((rule) => Object.entries(rule).map(([Name, Value]) => ({ Name, Value }))),
        identity: `${resource}/${index}`,
      }),
    );
  });
}
