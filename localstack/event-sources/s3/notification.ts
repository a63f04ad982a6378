import type { AsyncFunction } from '../model/async-invocation.ts';

/** One `LambdaConfiguration` of a bucket. */
export interface BucketNotification {
  /** Logical id of the bucket, or of the custom resource that notifies about it. */
  readonly id: string;
  readonly bucket: string;
  readonly bucketArn: string;
  readonly configurationId: string;
  readonly function: AsyncFunction;
  /** As configured, for instance `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

/** `eventName` is without its `s3:` prefix, as events show it. */
export function notificationMatches(notification: BucketNotification, eventName: string, key: string): boolean {
  return (
    key.startsWith(notification.prefix) &&
    key.endsWith(notification.suffix) &&
    notification.events.some((configured) => {
      const name = configured.replace(/^s3:/, '');
      return name.endsWith('*') ? eventName.startsWith(name.slice(0, -1)) : eventName === name;
    })
  );
}
