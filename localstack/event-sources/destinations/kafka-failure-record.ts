import { randomUUID } from 'node:crypto';
import type { KafkaEventWriter } from '../kafka/kafka-event.ts';
import type { FailedBatch } from '../model/failed-batch.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { PolledRecord } from '../model/polled-record.ts';

const iso = (timestamp: number) => new Date(timestamp).toISOString();

function common(mapping: KafkaMapping, batch: FailedBatch, functionArn: string, condition: string, time: Date) {
  const outcome = batch.lastOutcome;
  return {
    requestContext: {
      // What was never sent has no request of its own; the field is there all the same.
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

/** What SQS, SNS and S3 get: one document for the batch. Only S3 gets the records, as the event's text in `payload`. */
export function batchFailureRecord(
  mapping: KafkaMapping,
  writer: KafkaEventWriter,
  batch: FailedBatch,
  withPayload: boolean,
  time: Date,
) {
  const { origin, ...rest } = common(mapping, batch, mapping.function.arn, batch.condition, time);
  const payload = writer.write(batch.records);
  const recordsInfo: Record<string, object> = {};
  const byPartition = Map.groupBy(batch.records, ({ partition }) => partition);
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

/** Kafka destinations spell the condition in their own way. */
const topicConditions: Record<string, string> = { RetryAttemptsExhausted: 'RetriesExhausted' };

/** What a Kafka topic gets: one message for each record, with the event of just that record as an object. */
export function recordFailureRecord(
  mapping: KafkaMapping,
  writer: KafkaEventWriter,
  batch: FailedBatch,
  record: PolledRecord,
  time: Date,
) {
  const condition = topicConditions[batch.condition] ?? batch.condition;
  const { origin, ...rest } = common(mapping, batch, `${mapping.function.arn}:$LATEST`, condition, time);
  const payload = writer.write([record]);
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
