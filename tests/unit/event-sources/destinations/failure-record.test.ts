import {
  batchFailureRecord,
  recordFailureRecord,
} from '../../../../localstack/event-sources/destinations/failure-record.ts';
import { KafkaEventSerializer } from '../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import type { FailedBatch } from '../../../../localstack/event-sources/model/failed-batch.ts';
import { kafkaMapping, polledRecord } from '../kafka/fixtures.ts';

const time = new Date('2026-11-26T12:00:00Z');
const eventSourceArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1';
const mapping = kafkaMapping({ eventSourceArn });
const serializer = new KafkaEventSerializer(mapping);
const records = [polledRecord(3, { timestamp: 1_000 }), polledRecord(4, { timestamp: 2_000 })];
const batch: FailedBatch = {
  condition: 'RetryAttemptsExhausted',
  records: [...records, polledRecord(0, { partition: 1 })],
  invokeCount: 4,
  lastOutcome: {
    kind: 'functionError',
    statusCode: 200,
    requestId: 'id',
    functionError: 'Unhandled',
    body: '{}',
  },
};
const common = {
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2026-11-26T12:00:00.000Z',
};

test('[documented] failure record of a batch: the offsets of each partition, and no content', () => {
  const payload = serializer.serialize(batch.records);
  const record = batchFailureRecord(mapping, serializer, batch, false, time);
  expect(record).toEqual({
    ...common,
    requestContext: {
      requestId: 'id',
      functionArn: mapping.function.arn,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 4,
    },
    KafkaBatchInfo: {
      batchSize: 3,
      eventSourceArn,
      bootstrapServers: '127.0.0.1:1',
      payloadSize: Buffer.byteLength(payload),
      recordsInfo: {
        't-0': {
          firstRecordOffset: '3',
          lastRecordOffset: '4',
          firstRecordTimestamp: '1970-01-01T00:00:01.000Z',
          lastRecordTimestamp: '1970-01-01T00:00:02.000Z',
        },
        't-1': {
          firstRecordOffset: '0',
          lastRecordOffset: '0',
          firstRecordTimestamp: '1970-01-01T00:00:00.000Z',
          lastRecordTimestamp: '1970-01-01T00:00:00.000Z',
        },
      },
    },
  });
  expect(batchFailureRecord(mapping, serializer, batch, true, time)).toEqual({ ...record, payload });
});

test('[documented] failure record of a record, for a Kafka topic: with the version of the function and the event as an object', () => {
  const [first = polledRecord(3)] = records;
  const payload = serializer.serialize([first]);
  expect(recordFailureRecord(mapping, serializer, batch, first, time)).toEqual({
    ...common,
    requestContext: {
      requestId: 'id',
      functionArn: `${mapping.function.arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: 4,
    },
    KafkaBatchInfo: {
      batchSize: 1,
      eventSourceArn,
      bootstrapServers: '127.0.0.1:1',
      payloadSize: Buffer.byteLength(payload),
      recordInfo: { offset: '3', timestamp: '1970-01-01T00:00:01.000Z' },
    },
    payload: JSON.parse(payload),
  });
});

test('[inferred] a record that was never sent has no response', () => {
  const { lastOutcome: _lastOutcome, ...unsent } = batch;
  const record = batchFailureRecord(mapping, serializer, { ...unsent, invokeCount: 0 }, false, time);
  expect(record).toMatchObject({ responseContext: null, requestContext: { approximateInvokeCount: 0 } });
  expect(record.requestContext.requestId).toMatch(/^[0-9a-f-]{36}$/);
});
