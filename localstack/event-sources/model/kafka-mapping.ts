import type { FilterCriteria } from '../filter/filter-criteria.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import type { TargetFunction } from './target-function.ts';

export type StartingPosition =
  | { readonly type: 'LATEST' | 'TRIM_HORIZON' }
  | { readonly type: 'AT_TIMESTAMP'; readonly timestampMs: number };

/** An `AWS::Lambda::EventSourceMapping` for Kafka, validated, with AWS's defaults filled in. */
export interface KafkaMapping {
  /** Logical id in the template. */
  readonly id: string;
  /** Stable over restarts, and the consumer group where the template names none. */
  readonly uuid: string;
  readonly function: TargetFunction;
  /** Absent: a self-managed cluster. */
  readonly eventSourceArn?: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly startingPosition: StartingPosition;
  readonly batchSize: number;
  readonly batchingWindowMs: number;
  readonly enabled: boolean;
  /** -1: until the record expires. */
  readonly maximumRetryAttempts: number;
  /** -1: any age. */
  readonly maximumRecordAgeSeconds: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly reportsBatchItemFailures: boolean;
  /** An ARN of SQS, SNS or S3, or `kafka://topic`. */
  readonly onFailureDestination?: string;
  readonly filterCriteria?: FilterCriteria;
  /** Absent: records are delivered as they are. */
  readonly schemaRegistry?: SchemaRegistry;
  /** Absent: on-demand mode. */
  readonly pollers?: { readonly minimum: number; readonly maximum: number };
}
