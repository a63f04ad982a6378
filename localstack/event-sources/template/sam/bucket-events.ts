import type { Resource, Template } from '../template.ts';
import type { SamEvent, TranslatedEvent } from './sam-event.ts';

export function translateBucketEvent(event: SamEvent, template: Template): TranslatedEvent {
  event.allow(['Bucket', 'Events', 'Filter']);
  event.require('Bucket', 'Events');
  const { Bucket, Events, Filter } = event.properties;
  const bucket = (Bucket as { Ref?: unknown } | null)?.Ref;
  if (typeof bucket !== 'string' || template.Resources[bucket] === undefined) {
    event.fail(
      'Bucket',
      `expected the Ref of a bucket of this template, got ${JSON.stringify(Bucket)}`,
      'S3 events must reference an S3 bucket in the same template.',
    );
  }
  const names = new Set<unknown>(Array.isArray(Events) ? Events : [Events]);
  const configurations = [...names].map((name) => {
    const configuration = { Event: name, Function: event.targetArn, ...(Filter !== undefined && { Filter }) };
    if (event.condition === undefined) return configuration;
    return { 'Fn::If': [event.condition, configuration, { Ref: 'AWS::NoValue' }] };
  });
  return { notifications: { bucket, configurations } };
}

/** The bucket with further notifications. */
export function withNotifications(bucket: Resource, configurations: readonly unknown[]): Resource {
  const notification = (bucket.Properties?.['NotificationConfiguration'] ?? {}) as { LambdaConfigurations?: unknown[] };
  const LambdaConfigurations = [...(notification.LambdaConfigurations ?? []), ...configurations];
  return {
    ...bucket,
    Properties: { ...bucket.Properties, NotificationConfiguration: { ...notification, LambdaConfigurations } },
  };
}
