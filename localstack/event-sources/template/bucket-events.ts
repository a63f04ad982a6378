import { includesEvent } from '../model/bucket-notification.ts';

/**
 * The events that a bucket's notifications can name, as in S3's service model (`Event` of PutBucketNotificationConfiguration).
 * The emulator makes those of ObjectCreated and ObjectRemoved.
 */
export const bucketEvents: ReadonlySet<string> = new Set(
  [
    'IntelligentTiering',
    'LifecycleExpiration:*',
    'LifecycleExpiration:Delete',
    'LifecycleExpiration:DeleteMarkerCreated',
    'LifecycleTransition',
    'ObjectAcl:Put',
    'ObjectAnnotation:*',
    'ObjectAnnotation:Delete',
    'ObjectAnnotation:Put',
    'ObjectCreated:*',
    'ObjectCreated:CompleteMultipartUpload',
    'ObjectCreated:Copy',
    'ObjectCreated:Post',
    'ObjectCreated:Put',
    'ObjectRemoved:*',
    'ObjectRemoved:Delete',
    'ObjectRemoved:DeleteMarkerCreated',
    'ObjectRestore:*',
    'ObjectRestore:Completed',
    'ObjectRestore:Delete',
    'ObjectRestore:Post',
    'ObjectRetention:Put',
    'ObjectTagging:*',
    'ObjectTagging:Delete',
    'ObjectTagging:Put',
    'ReducedRedundancyLostObject',
    'Replication:*',
    'Replication:OperationFailedReplication',
    'Replication:OperationMissedThreshold',
    'Replication:OperationNotTracked',
    'Replication:OperationReplicatedAfterThreshold',
  ].map((name) => `s3:${name}`),
);

/** Whether one event can be of both types. */
export function eventsOverlap(one: string, other: string): boolean {
  return includesEvent(one, other) || includesEvent(other, one);
}
