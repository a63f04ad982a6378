import { BatchDelivery } from '../../../../../localstack/event-sources/kafka/delivery/batch-delivery.ts';
import { KafkaEventSerializer } from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { createLogger } from '../../../../../localstack/event-sources/logger.ts';
import { MappingMetrics } from '../../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import type { FailedBatch } from '../../../../../localstack/event-sources/model/failed-batch.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../../../localstack/event-sources/model/invocation.ts';
import type { KafkaMapping } from '../../../../../localstack/event-sources/model/kafka-mapping.ts';
import type { PolledRecord } from '../../../../../localstack/event-sources/model/polled-record.ts';
import { readOptions } from '../../../../../localstack/event-sources/options.ts';

const mapping: KafkaMapping = {
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
};
const threw = (requestId = 'r'): InvocationOutcome => ({
  kind: 'functionError',
  statusCode: 200,
  functionError: 'Unhandled',
  body: '{}',
  requestId,
});
const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: 'null', requestId: 'r' };
const away: InvocationOutcome = { kind: 'notInvoked', throttled: false, reason: 'away', requestId: 'r' };

function recordAt(offset: number, timestamp = 0): PolledRecord {
  const json = JSON.stringify({ topic: 't', partition: 0, offset, timestamp });
  return { partition: 0, offset, timestamp, arrivedAtMs: 0, json, bytes: json.length };
}

/** Delivers with AWS's own settings on a clock that jumps, to a function that gives the answers one after the other. */
async function deliver(
  answers: readonly InvocationOutcome[],
  properties: Partial<KafkaMapping> = {},
  records = [recordAt(0), recordAt(1), recordAt(2), recordAt(3)],
) {
  const waits: number[] = [];
  const calls: number[][] = [];
  const givenUp: FailedBatch[] = [];
  const settled: number[] = [];
  let now = 1_000_000;
  const { retryBackoff, outageBackoff } = readOptions({});
  const delivery = new BatchDelivery({
    mapping: { ...mapping, ...properties },
    serializer: new KafkaEventSerializer(mapping),
    invoker: {
      invoke: async ({ payload }: InvocationRequest) => {
        const event = JSON.parse(payload) as { records: Record<string, { offset: number }[]> };
        calls.push((event.records['t-0'] ?? []).map(({ offset }) => offset));
        return answers[calls.length - 1] ?? success;
      },
    },
    destination: { deliver: async (batch) => void givenUp.push(batch) },
    metrics: new MappingMetrics(),
    log: createLogger('silent', () => {}),
    clock: {
      now: () => now,
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    },
    options: { retryBackoff, outageBackoff },
  });
  const settle = (batch: readonly PolledRecord[]) => settled.push(...batch.map(({ offset }) => offset));
  await delivery.deliver({ records, settle }, new AbortController().signal);
  return { waits, calls, givenUp, settled };
}

test('[inferred] the delay between retries is 1 s, doubling to 30 s', async () => {
  const { waits } = await deliver(Array.from({ length: 8 }, () => threw()));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('[inferred] an outage is waited for in steps of its own, 100 ms doubling to 2 s, and uses up no attempt', async () => {
  const outage = Array.from({ length: 7 }, () => away);
  const { waits, givenUp, calls } = await deliver([threw(), ...outage, threw(), success], { maximumRetryAttempts: 2 });
  expect(waits).toEqual([1_000, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
  expect(givenUp).toEqual([]);
  expect(calls).toHaveLength(10);
});

test('[inferred] bisecting goes on without a delay, the first half before the second', async () => {
  const { waits, calls, settled } = await deliver([threw(), threw()], { bisectBatchOnFunctionError: true });
  expect(calls).toEqual([[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]]);
  expect(waits).toEqual([]);
  expect(settled).toEqual([0, 1, 2, 3]);
});

test('[inferred] bisect with reported failures halves only what was reported', async () => {
  const failures = [0, 2, 3].map((offset) => ({ itemIdentifier: { partition: 't-0', offset } }));
  const reported = { ...success, body: JSON.stringify({ batchItemFailures: failures }) };
  const { calls, settled } = await deliver([reported], {
    bisectBatchOnFunctionError: true,
    reportsBatchItemFailures: true,
  });
  expect(calls).toEqual([[0, 1, 2, 3], [0], [2, 3]]);
  expect(settled).toEqual([1, 0, 2, 3]);
});

test('[documented] the attempts of what a function keeps reporting run out as well', async () => {
  const failures = [{ itemIdentifier: { partition: 't-0', offset: 2 } }];
  const reported = { ...success, body: JSON.stringify({ batchItemFailures: failures }) };
  const { calls, givenUp } = await deliver([reported, reported], {
    maximumRetryAttempts: 1,
    reportsBatchItemFailures: true,
  });
  expect(calls).toEqual([[0, 1, 2, 3], [2]]);
  expect(givenUp).toMatchObject([{ condition: 'RetryAttemptsExhausted', invokeCount: 2, records: [{ offset: 2 }] }]);
});

test('[documented] what grows too old while it is retried is given up with the last answer; the rest goes on', async () => {
  const ages = recordAt(0, 1_000_000 - 58_500);
  const { calls, givenUp } = await deliver([threw(), threw('last')], { maximumRecordAgeSeconds: 60 }, [
    ages,
    recordAt(1, 1_000_000),
  ]);
  expect(calls).toEqual([[0, 1], [0, 1], [1]]);
  expect(givenUp).toMatchObject([
    { condition: 'RecordAgeExceeded', invokeCount: 2, records: [{ offset: 0 }], lastOutcome: { requestId: 'last' } },
  ]);
});
