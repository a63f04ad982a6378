import { createLogger } from '../../../../localstack/event-sources/logger.ts';
import type { KafkaMapping } from '../../../../localstack/event-sources/model/kafka-mapping.ts';
import type { PolledRecord } from '../../../../localstack/event-sources/model/polled-record.ts';

export const silentLog = createLogger('silent', () => {});

export function kafkaMapping(properties: Partial<KafkaMapping> = {}): KafkaMapping {
  return {
    id: 'Mapping',
    uuid: '00000000-0000-5000-8000-000000000000',
    function: { name: 'fn', arn: 'arn:aws:lambda:eu-central-1:123456789012:function:fn', timeoutSeconds: 3 },
    brokers: ['127.0.0.1:1'],
    topic: 't',
    consumerGroupId: 'group',
    startingPosition: { type: 'TRIM_HORIZON' },
    batchSize: 100,
    batchingWindowMs: 0,
    enabled: true,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    bisectBatchOnFunctionError: false,
    reportsBatchItemFailures: false,
    ...properties,
  };
}

/** A record whose JSON has the given length. */
export function polledRecord(offset: number, properties: Partial<PolledRecord> = {}): PolledRecord {
  const { partition = 0, timestamp = 0, arrivedAtMs = 0, bytes = 0 } = properties;
  const json = JSON.stringify({ topic: 't', partition, offset, timestamp });
  const padded = json.replace(/}$/, ' '.repeat(Math.max(0, bytes - json.length)).concat('}'));
  return { partition, offset, timestamp, arrivedAtMs, json: padded, bytes: padded.length };
}
