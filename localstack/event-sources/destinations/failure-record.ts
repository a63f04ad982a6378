import { randomUUID } from 'node:crypto';
import type { KafkaEventSerializer } from '../kafka/event/kafka-event-serializer.ts';
import type { FailedBatch } from '../model/failed-batch.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { PolledRecord } from '../model/polled-record.ts';
import { qualifiedArn } from '../model/target-function.ts';
import { groupBy } from '../node-20.ts';

const iso = (timestamp: number) => new Date(timestamp).toISOString();

function commonFields(mapping: KafkaMapping, batch: FailedBatch, functionArn: string, condition: string, time: Date) {
  const outcome = batch.lastOutcome;
  return {
    requestContext: {
      // Records that were never sent have no request id, but the field is always present.
      requestId: outcome?.requestId ?? randomUUID(),
      functionArn,
      condition,
      approximateInvokeCount: batch.invokeCount,
    },
    responseContext:
      outcome === undefined || outcome.kind === 'notInvoked'
        ? null
        : {
            statusCode: outcome.statusCode,
            executedVersion: '$LATEST',
            functionError: outcome.kind === 'functionError' ? outcome.functionError : null,
          },
    version: '1.0',
    timestamp: time.toISOString(),
    origin: {
      ...(mapping.eventSourceArn !== undefined && { eventSourceArn: mapping.eventSourceArn }),
      bootstrapServers: mapping.brokers.join(','),
    },
  };
}

/** Without a version here, other than in the failure records for Kafka topics. */
function batchFunctionArn({ function: target }: KafkaMapping): string {
  return target.qualifier === undefined ? target.arn : qualifiedArn(target);
}

/** The failure record of a batch, for SQS, SNS and S3. Only S3's has the event, as a string in `payload`. */
export function batchFailureRecord(
  mapping: KafkaMapping,
  serializer: KafkaEventSerializer,
  batch: FailedBatch,
  withPayload: boolean,
  time: Date,
) {
  const { origin, ...rest } = commonFields(mapping, batch, batchFunctionArn(mapping), batch.condition, time);
  const payload = serializer.serialize(batch.records);
  const recordsInfo: Record<string, object> = {};
  const byPartition = groupBy(batch.records, ({ partition }) => partition);
  for (const [partition, records] of byPartition) {
    const [first, last] = [records[0] as PolledRecord, records.at(-1) as PolledRecord];
    recordsInfo[`${mapping.topic}-${partition}`] = {
      firstRecordOffset: String(first.offset),
      lastRecordOffset: String(last.offset),
      firstRecordTimestamp: iso(first.timestamp),
      lastRecordTimestamp: iso(last.timestamp),
    };
  }
  return {
    ...rest,
    KafkaBatchInfo: {
      batchSize: batch.records.length,
      ...origin,
      payloadSize: Buffer.byteLength(payload),
      recordsInfo,
    },
    ...(withPayload && { payload }),
  };
}

/** AWS names this condition differently in the failure records for Kafka topics. */
const kafkaConditions: Record<string, string> = { RetryAttemptsExhausted: 'RetriesExhausted' };

/** The failure record of one record, for a Kafka topic. `payload` is the event with just that record, as an object. */
export function recordFailureRecord(
  mapping: KafkaMapping,
  serializer: KafkaEventSerializer,
  batch: FailedBatch,
  record: PolledRecord,
  time: Date,
) {
  const condition = kafkaConditions[batch.condition] ?? batch.condition;
  const { origin, ...rest } = commonFields(mapping, batch, qualifiedArn(mapping.function), condition, time);
  const payload = serializer.serialize([record]);
  return {
    ...rest,
    KafkaBatchInfo: {
      batchSize: 1,
      ...origin,
      payloadSize: Buffer.byteLength(payload),
      recordInfo: { offset: String(record.offset), timestamp: iso(record.timestamp) },
    },
    payload: JSON.parse(payload) as unknown,
  };
}
