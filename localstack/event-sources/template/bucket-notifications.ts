import type { BucketNotification } from '../model/bucket-notification.ts';
import type { FunctionResolver } from './function-resolver.ts';
import { type Intrinsics, stableUuid } from './intrinsics.ts';
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

/** S3's answer when it may not, or cannot, notify a function. */
const UNABLE = 'InvalidArgument, unable to validate the destination configurations';

/** Every notification to a function: of the buckets, and of the custom resource that osls makes for existing ones. */
export function readBucketNotifications(
  template: Template,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
): BucketNotification[] {
  const notifications: BucketNotification[] = [];
  for (const [id, resource] of resourcesOfType(template, 'AWS::S3::Bucket')) {
    const properties = intrinsics.resolve(resource.Properties ?? {}) as {
      NotificationConfiguration?: { LambdaConfigurations?: readonly LambdaConfiguration[] };
    };
    const bucket = intrinsics.nameOf(id);
    (properties.NotificationConfiguration?.LambdaConfigurations ?? []).forEach((configuration, index) => {
      notifications.push(
        notificationOf(id, index, bucket, intrinsics, functions, {
          target: configuration.Function,
          events: configuration.Events ?? (configuration.Event === undefined ? [] : [configuration.Event]),
          rules: configuration.Filter?.S3Key?.Rules ?? [],
          ...(configuration.Id !== undefined && { configurationId: configuration.Id }),
        }),
      );
    });
  }
  for (const [id, resource] of resourcesOfType(template, 'Custom::S3')) {
    const properties = intrinsics.resolve(resource.Properties ?? {}) as {
      FunctionName?: string;
      BucketName?: string;
      BucketConfigs?: readonly { Event?: string; Rules?: readonly Record<string, string>[] }[];
    };
    (properties.BucketConfigs ?? []).forEach((configuration, index) => {
      const rules = (configuration.Rules ?? []).flatMap((rule) =>
        Object.entries(rule).map(([Name, Value]) => ({ Name, Value })),
      );
      notifications.push(
        notificationOf(id, index, properties.BucketName ?? '', intrinsics, functions, {
          target: properties.FunctionName,
          events: [configuration.Event ?? 's3:ObjectCreated:*'],
          rules,
        }),
      );
    });
  }
  return notifications;
}

function notificationOf(
  id: string,
  index: number,
  bucket: string,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
  configuration: {
    target: unknown;
    events: readonly string[];
    rules: readonly Rule[];
    configurationId?: string;
  },
): BucketNotification {
  const property = `LambdaConfigurations[${index}]`;
  const found = functions.find(configuration.target);
  if (found === undefined) {
    throw new TemplateError(
      id,
      `${property}.Function`,
      `Function not found: ${String(configuration.target)}; name a function of the template`,
      UNABLE,
    );
  }
  for (const event of configuration.events) {
    if (!/^s3:[A-Za-z]+(:[A-Za-z*]+)?(\*)?$/.test(event)) {
      throw new TemplateError(
        id,
        `${property}.Event`,
        `expected an event like s3:ObjectCreated:*, got ${event}`,
        'InvalidArgument, the event is not supported for notifications',
      );
    }
  }
  const affix = (name: 'prefix' | 'suffix') => {
    const rules = configuration.rules.filter((rule) => rule.Name?.toLowerCase() === name);
    if (rules.length > 1)
      throw new TemplateError(
        id,
        `${property}.Filter`,
        `cannot have more than one ${name} rule: keep one`,
        'InvalidArgument, cannot specify more than one rule of a kind in a filter',
      );
    return rules[0]?.Value ?? '';
  };
  return {
    id,
    bucket,
    bucketArn: `arn:${intrinsics.pseudoParameters.partition}:s3:::${bucket}`,
    configurationId: configuration.configurationId ?? stableUuid(`${id}/${index}`),
    function: found,
    events: configuration.events,
    prefix: affix('prefix'),
    suffix: affix('suffix'),
  };
}
