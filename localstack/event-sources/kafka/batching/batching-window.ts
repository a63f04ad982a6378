import { MAX_PAYLOAD_BYTES } from '../event/kafka-event-serializer.ts';
import type { PartitionQueue } from './partition-queue.ts';

export interface BatchingLimits {
  readonly batchSize: number;
  /** 0: never wait for more records. */
  readonly batchingWindowMs: number;
}

/**
 * Milliseconds until a batch of these queues is due; 0 or less: now. It is due when the batching window of the oldest
 * record ends, or earlier when the queues hold `batchSize` records or a full payload.
 */
export function msUntilBatchIsDue(queues: readonly PartitionQueue[], limits: BatchingLimits, nowMs: number): number {
  if (limits.batchingWindowMs === 0) return 0;
  let records = 0;
  let bytes = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const queue of queues) {
    records += queue.length;
    bytes += queue.bytes;
    oldest = Math.min(oldest, queue.first?.arrivedAtMs ?? oldest);
  }
  if (records >= limits.batchSize || bytes >= MAX_PAYLOAD_BYTES) return 0;
  return Math.ceil(oldest + limits.batchingWindowMs - nowMs);
}
