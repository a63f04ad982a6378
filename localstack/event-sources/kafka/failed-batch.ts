import type { InvocationOutcome } from '../invoke/lambda-client.ts';
import type { PolledRecord } from './record.ts';

export type FailureCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';

/** Records that the event source gives up. */
export interface FailedBatch {
  readonly condition: FailureCondition;
  /** Of one topic; records of one partition stand together, in order. */
  readonly records: readonly PolledRecord[];
  /** How often the function was called with them. */
  readonly invokeCount: number;
  /** The last answer; absent when the function was never called. */
  readonly lastOutcome?: InvocationOutcome;
}

/** Where given-up records are told of. Throws when that fails; the records are then lost, as on AWS. */
export interface FailureDestination {
  deliver(batch: FailedBatch): Promise<void>;
}
