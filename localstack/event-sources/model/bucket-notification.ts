import type { AsyncFunction } from './async-invocation.ts';

/** One `LambdaConfiguration` of a bucket: which of its events invoke which function. */
export interface BucketNotification {
  /** Logical id of the bucket, or of the custom resource that configures an existing bucket. */
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

/** Whether a configured type of events, which may end with `*`, is or includes another one. */
export function includesEvent(configured: string, event: string): boolean {
  return configured.endsWith('*') ? event.startsWith(configured.slice(0, -1)) : event === configured;
}
