import type { BucketNotification } from '../model/bucket-notification.ts';
import type { FunctionResolver } from './function-resolver.ts';
import type { Intrinsics } from './intrinsics.ts';
import { stableUuid } from './stable-uuid.ts';
import { resourcesOfType, type Template, TemplateError } from './template.ts';

interface Rule {
  readonly Name?: string;
  readonly Value?: string;
}

interface LambdaConfiguration {
  readonly Event?: string;
  readonly Events?: readonly string[];
  readonly Id?: string;
  readonly Function?: string;
  readonly Filter?: { readonly S3Key?: { readonly Rules?: readonly Rule[] } };
}

/** The custom resource that osls makes for the `s3` events of a function with `existing: true`. */
interface ExistingBucketProperties {
  readonly FunctionName?: string;
  readonly BucketName?: string;
  readonly BucketConfigs?: readonly { readonly Event?: string; readonly Rules?: readonly Record<string, string>[] }[];
}

/** A notification as it is configured, in one form for both kinds of resources. */
interface Configuration {
  readonly resource: string;
  /** Position among the configurations of the resource. */
  readonly index: number;
  readonly bucket: string;
  readonly target: unknown;
  readonly events: readonly string[];
  readonly rules: readonly Rule[];
  readonly configurationId?: string | undefined;
}

/** The notifications of all buckets that invoke a function. */
export function readBucketNotifications(
  template: Template,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
): BucketNotification[] {
  return [...bucketConfigurations(template, intrinsics), ...existingBucketConfigurations(template, intrinsics)].map(
    (configuration) => readNotification(configuration, intrinsics.pseudoParameters.partition, functions),
  );
}

function bucketConfigurations(template: Template, intrinsics: Intrinsics): Configuration[] {
  return resourcesOfType(template, 'AWS::S3::Bucket').flatMap(([resource, bucket]) => {
    const properties = intrinsics.properties(resource, bucket, ['NotificationConfiguration']) as {
      NotificationConfiguration?: { LambdaConfigurations?: readonly LambdaConfiguration[] };
    };
    const configurations = properties.NotificationConfiguration?.LambdaConfigurations ?? [];
    return configurations.map(({ Event, Events, Id, Function: target, Filter }, index) => ({
      resource,
      index,
      bucket: intrinsics.references.nameOf(resource),
      target,
      events: Events ?? (Event === undefined ? [] : [Event]),
      rules: Filter?.S3Key?.Rules ?? [],
      configurationId: Id,
    }));
  });
}

function existingBucketConfigurations(template: Template, intrinsics: Intrinsics): Configuration[] {
  return resourcesOfType(template, 'Custom::S3').flatMap(([resource, custom]) => {
    const { FunctionName, BucketName, BucketConfigs } = intrinsics.properties(
      resource,
      custom,
    ) as ExistingBucketProperties;
    return (BucketConfigs ?? []).map(({ Event, Rules }, index) => ({
      resource,
      index,
      bucket: BucketName ?? '',
      target: FunctionName,
      events: [Event ?? 's3:ObjectCreated:*'],
      rules: (Rules ?? []).flatMap((rule) => Object.entries(rule).map(([Name, Value]) => ({ Name, Value }))),
    }));
  });
}

function readNotification(
  { resource, index, bucket, target, events, rules, configurationId }: Configuration,
  partition: string,
  functions: FunctionResolver,
): BucketNotification {
  const property = `LambdaConfigurations[${index}]`;
  const found = functions.target(target, (message, aws) => {
    throw new TemplateError(resource, `${property}.Function`, message, aws);
  });
  const invalidEvent = events.find((event) => !/^s3:[A-Za-z]+(:[A-Za-z*]+)?(\*)?$/.test(event));
  if (invalidEvent !== undefined) {
    throw new TemplateError(
      resource,
      `${property}.Event`,
      `expected an event like s3:ObjectCreated:*, got ${invalidEvent}`,
      'InvalidArgument, the event is not supported for notifications',
    );
  }
  const affix = (name: 'prefix' | 'suffix') => {
    const matching = rules.filter((rule) => rule.Name?.toLowerCase() === name);
    if (matching.length <= 1) return matching[0]?.Value ?? '';
    throw new TemplateError(
      resource,
      `${property}.Filter`,
      `cannot have more than one ${name} rule: keep one`,
      'InvalidArgument, cannot specify more than one rule of a kind in a filter',
    );
  };
  return {
    id: resource,
    bucket,
    bucketArn: `arn:${partition}:s3:::${bucket}`,
    configurationId: configurationId ?? stableUuid(`${resource}/${index}`),
    function: found,
    events,
    prefix: affix('prefix'),
    suffix: affix('suffix'),
  };
}
