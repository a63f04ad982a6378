import type { InvocationOutcome } from './invocation.ts';
import type { TargetFunction } from './target-function.ts';

/** What the function and its `AWS::Lambda::EventInvokeConfig` set, with AWS's defaults filled in. */
export interface AsyncSettings {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** `ReservedConcurrentExecutions` of the function. */
  readonly reservedConcurrency?: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  /** `DeadLetterConfig`: an SQS queue or SNS topic that gets the bare event, and the error in attributes. */
  readonly deadLetterTarget?: string;
}

/** An asynchronous invocation in the queue, as stored on disk. */
export interface QueuedEvent {
  readonly id: string;
  /** With the qualifier after a colon, if there is one. */
  readonly functionName: string;
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly enqueuedAt: number;
  /** Invocations so far that ended with a function error. */
  readonly attempts: number;
  /** Data of the source that queued the event, which reads it back after a restart. */
  readonly origin?: unknown;
}

/** A function with its settings for asynchronous invocation. */
export interface AsyncFunction extends TargetFunction {
  readonly asynchronous: AsyncSettings;
}

export type AsyncCondition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

/** Receives the outcome of asynchronous invocations. Rejects when the delivery fails; the event is then lost, as on AWS. */
export interface AsyncOutcomeSink {
  /** `lastOutcome` is that of the last attempt in this process; absent: there was none. */
  ended(
    target: AsyncFunction,
    event: QueuedEvent,
    condition: AsyncCondition,
    lastOutcome?: InvocationOutcome,
  ): Promise<void>;
}
