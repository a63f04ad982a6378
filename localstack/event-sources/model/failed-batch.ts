import type { InvocationOutcome } from './invocation.ts';
import type { PolledRecord, SchemaFailure } from './polled-record.ts';

export type FailureCondition =
  | 'RetryAttemptsExhausted'
  | 'RecordAgeExceeded'
  | 'MaximumPayloadSizeExceeded'
  | SchemaFailure;

/** Records that the event source stops retrying. */
export interface FailedBatch {
  readonly condition: FailureCondition;
  /** Of one topic, grouped by partition and in offset order within each. */
  readonly records: readonly PolledRecord[];
  /** Invocations that these records were part of. */
  readonly invokeCount: number;
  /** Outcome of the last invocation; absent when the function was never invoked with them. */
  readonly lastOutcome?: InvocationOutcome;
}

/** The mapping's on-failure destination. Rejects when the delivery fails; the records are then dropped, as on AWS. */
export interface FailureDestination {
  deliver(batch: FailedBatch): Promise<void>;
}
