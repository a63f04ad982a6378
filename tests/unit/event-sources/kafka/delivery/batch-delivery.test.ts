import { BatchDelivery } from '../../../../../localstack/event-sources/kafka/delivery/batch-delivery.ts';
import { KafkaEventSerializer } from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { MappingMetrics } from '../../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import type { FailedBatch } from '../../../../../localstack/event-sources/model/failed-batch.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../../../localstack/event-sources/model/invocation.ts';
import type { KafkaMapping } from '../../../../../localstack/event-sources/model/kafka-mapping.ts';
import type { PolledRecord } from '../../../../../localstack/event-sources/model/polled-record.ts';
import { readOptions } from '../../../../../localstack/event-sources/options.ts';
import { RecordedStandstills } from '../../recorded-standstills.ts';
import { kafkaMapping, polledRecord, silentLog } from '../fixtures.ts';

const NOW_MS = 1_000_000;

const threw = (requestId = 'r'): InvocationOutcome => ({
  kind: 'functionError',
  statusCode: 200,
  functionError: 'Unhandled',
  body: '{}',
  requestId,
});
const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: 'null', requestId: 'r' };
const unreachable: InvocationOutcome = { kind: 'notInvoked', throttled: false, reason: 'unreachable', requestId: 'r' };
const reporting = (...offsets: number[]): InvocationOutcome => ({
  ...success,
  body: JSON.stringify({
    batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition: 't-0', offset } })),
  }),
});

/** Delivers offsets 0 to 3 with the default backoff, on a clock that jumps, to a function with these outcomes. */
async function deliver(
  outcomes: readonly InvocationOutcome[],
  properties: Partial<KafkaMapping> = {},
  records: readonly PolledRecord[] = [0, 1, 2, 3].map((offset) => polledRecord(offset)),
  { destinationFails = false, abortDuring = Number.NaN, setWallClockByMs = 0 } = {},
) {
  const waits: number[] = [];
  const invocations: number[][] = [];
  const discarded: FailedBatch[] = [];
  const settled: number[] = [];
  const metrics = new MappingMetrics();
  const standstills = new RecordedStandstills();
  let now = NOW_MS;
  const wallClockSetByMs = () => (invocations.length === 0 ? 0 : setWallClockByMs);
  const mapping = kafkaMapping(properties);
  const ending = new AbortController();
  const delivery = new BatchDelivery({
    mapping,
    serializer: new KafkaEventSerializer(mapping),
    invoker: {
      invoke: async ({ payload }: InvocationRequest) => {
        const event = JSON.parse(payload) as { records: Record<string, { offset: number }[]> };
        invocations.push((event.records['t-0'] ?? []).map(({ offset }) => offset));
        if (invocations.length === abortDuring) ending.abort();
        return outcomes[invocations.length - 1] ?? success;
      },
    },
    destination: {
      deliver: async (batch) => {
        discarded.push(batch);
        if (destinationFails) throw new Error('destination unreachable');
      },
    },
    metrics,
    log: silentLog,
    standstills,
    clock: {
      now: () => now + wallClockSetByMs(),
      monotonic: () => now - NOW_MS,
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    },
    options: readOptions({}),
  });
  const settle = (batch: readonly PolledRecord[]) => settled.push(...batch.map(({ offset }) => offset));
  await delivery.deliver({ records, settle }, ending.signal).catch((error) => {
    if (error !== ending.signal.reason) throw error;
  });
  return { waits, invocations, discarded, settled, metrics, standstills };
}

describe('Retries', () => {
  test('[goal] a batch that fails is reported as a standstill, until it is settled or given up', async () => {
    const { standstills } = await deliver([threw(), unreachable]);
    expect([...standstills.reported]).toEqual([
      expect.stringMatching(/^the batch of fn from t-0 offset 0: fn fails .* its log says why$/),
      expect.stringMatching(/^the batch of fn from t-0 offset 0: fn cannot be invoked: start the Invoke API/),
    ]);
    expect(standstills.current.size).toBe(0);
  });

  test('[inferred] the delay between retries is 1 s, doubling to 30 s', async () => {
    const { waits } = await deliver(Array.from({ length: 8 }, () => threw()));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('[inferred] an outage has a backoff of its own, 100 ms doubling to 2 s, and does not count as a retry', async () => {
    const outage = Array.from({ length: 7 }, () => unreachable);
    const { waits, discarded, invocations } = await deliver([threw(), ...outage, threw(), success], {
      maximumRetryAttempts: 2,
    });
    expect(waits).toEqual([1_000, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    expect(discarded).toEqual([]);
    expect(invocations).toHaveLength(10);
  });

  test('[inferred] the backoff of an outage starts again after the function was invoked', async () => {
    const { waits } = await deliver([unreachable, unreachable, threw(), unreachable]);
    expect(waits).toEqual([100, 200, 1_000, 100]);
  });

  test('[documented] after MaximumRetryAttempts retries the batch is discarded, with its last outcome', async () => {
    const outcomes = [threw(), threw('last')];
    const { invocations, discarded, settled, metrics } = await deliver(outcomes, { maximumRetryAttempts: 1 });
    expect(invocations).toHaveLength(2);
    expect(discarded).toMatchObject([
      { condition: 'RetryAttemptsExhausted', invokeCount: 2, lastOutcome: { requestId: 'last' } },
    ]);
    expect(settled).toEqual([0, 1, 2, 3]);
    expect(metrics).toMatchObject({ InvokedEventCount: 8, FailedInvokeEventCount: 8, DroppedEventCount: 0 });
  });

  test('[documented] infinite retries end after ten when the mapping has a destination', async () => {
    const outcomes = Array.from({ length: 20 }, () => threw());
    const { invocations } = await deliver(outcomes, { onFailureDestination: 'kafka://failures' });
    expect(invocations).toHaveLength(11);
  });

  test('[documented] records are lost and counted when the destination fails', async () => {
    const { settled, metrics } = await deliver([threw()], { maximumRetryAttempts: 0 }, undefined, {
      destinationFails: true,
    });
    expect(settled).toEqual([0, 1, 2, 3]);
    expect(metrics).toMatchObject({
      DroppedEventCount: 4,
      OnFailureDestinationDeliveryErrorCount: 1,
      OnFailureDestinationDeliveredEventCount: 0,
    });
  });
});

describe('Bisecting', () => {
  test('[inferred] has no delay, and settles the first half before the second', async () => {
    const { waits, invocations, settled } = await deliver([threw(), threw()], { bisectBatchOnFunctionError: true });
    expect(invocations).toEqual([[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]]);
    expect(waits).toEqual([]);
    expect(settled).toEqual([0, 1, 2, 3]);
  });

  test('[inferred] does not count as a retry: a single record still has all of them', async () => {
    const { invocations, discarded } = await deliver(
      [threw(), threw(), threw(), threw()],
      { bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 },
      [polledRecord(0), polledRecord(1)],
    );
    expect(invocations).toEqual([[0, 1], [0], [0], [1], [1]]);
    expect(discarded).toMatchObject([{ invokeCount: 2, records: [{ offset: 0 }] }]);
  });

  test('[inferred] with reported failures halves only the reported records', async () => {
    const { invocations, settled } = await deliver([reporting(0, 2, 3)], {
      bisectBatchOnFunctionError: true,
      reportsBatchItemFailures: true,
    });
    expect(invocations).toEqual([[0, 1, 2, 3], [0], [2, 3]]);
    expect(settled).toEqual([1, 0, 2, 3]);
  });
});

test('after an abort nothing more is invoked, and what is not settled stays so', async () => {
  const { invocations, settled } = await deliver([threw(), success], { bisectBatchOnFunctionError: true }, undefined, {
    abortDuring: 2,
  });
  expect(invocations).toEqual([
    [0, 1, 2, 3],
    [0, 1],
  ]);
  expect(settled).toEqual([0, 1]);
});

describe('Reported failures', () => {
  test('[documented] are retried alone, and count as retries', async () => {
    const { invocations, discarded, settled } = await deliver([reporting(2), reporting(2)], {
      maximumRetryAttempts: 1,
      reportsBatchItemFailures: true,
    });
    expect(invocations).toEqual([[0, 1, 2, 3], [2]]);
    expect(discarded).toMatchObject([
      { condition: 'RetryAttemptsExhausted', invokeCount: 2, records: [{ offset: 2 }] },
    ]);
    expect(settled).toEqual([0, 1, 3, 2]);
  });

  test('[documented] are ignored without FunctionResponseTypes', async () => {
    const { invocations } = await deliver([reporting(2)]);
    expect(invocations).toHaveLength(1);
  });
});

describe('Records that cannot succeed', () => {
  test('[documented] records that become too old between retries are discarded with the last outcome; others continue', async () => {
    const expiring = polledRecord(0, { timestamp: NOW_MS - 58_500 });
    const { invocations, discarded } = await deliver([threw(), threw('last')], { maximumRecordAgeSeconds: 60 }, [
      expiring,
      polledRecord(1, { timestamp: NOW_MS }),
    ]);
    expect(invocations).toEqual([[0, 1], [0, 1], [1]]);
    expect(discarded).toMatchObject([
      { condition: 'RecordAgeExceeded', invokeCount: 2, records: [{ offset: 0 }], lastOutcome: { requestId: 'last' } },
    ]);
  });

  test('[documented] a record that has exactly the maximum age is delivered', async () => {
    const { invocations, discarded } = await deliver([], { maximumRecordAgeSeconds: 60 }, [
      polledRecord(0, { timestamp: NOW_MS - 60_000 }),
      polledRecord(1, { timestamp: NOW_MS - 60_001 }),
    ]);
    expect(invocations).toEqual([[0]]);
    expect(discarded).toMatchObject([{ records: [{ offset: 1 }] }]);
  });

  test.each([3_600_000, -3_600_000])(
    'no record expires because the wall clock is set by %d ms',
    async (setWallClockByMs) => {
      // Those of the retry: one from before the clock was set, and one from after it.
      const records = [0, setWallClockByMs].map((ms, offset) => polledRecord(offset, { timestamp: NOW_MS + ms }));
      const { invocations, discarded } = await deliver([threw()], { maximumRecordAgeSeconds: 3_700 }, records, {
        setWallClockByMs,
      });
      expect(invocations).toEqual([
        [0, 1],
        [0, 1],
      ]);
      expect(discarded).toEqual([]);
    },
  );

  test('[documented] a record above 6 MB is discarded without an invocation; others are delivered', async () => {
    const { invocations, discarded, settled } = await deliver([], {}, [
      polledRecord(0),
      polledRecord(1, { bytes: 6 * 1024 * 1024 }),
      polledRecord(2),
    ]);
    expect(invocations).toEqual([[0, 2]]);
    expect(discarded).toMatchObject([
      { condition: 'MaximumPayloadSizeExceeded', invokeCount: 0, records: [{ offset: 1 }] },
    ]);
    expect(discarded[0]).not.toHaveProperty('lastOutcome');
    expect(settled).toEqual([1, 0, 2]);
  });
});
