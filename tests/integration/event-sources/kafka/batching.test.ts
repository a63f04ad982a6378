import { kafka, produce } from '../../../support/event-sources/kafka-client.ts';
import { withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { createTopic } from '../../../support/servers.ts';

const values = (count: number, prefix = 'v') =>
  Array.from({ length: count }, (_, index) => ({ value: `${prefix}${index}`, partition: 0 }));
const size = (run: { fn: { invocations: { event: { records: object } }[] } }, index: number) =>
  Object.values(run.fn.invocations[index]?.event.records ?? {}).flat().length;

describe('Batches', () => {
  test('[documented] one batch may hold several partitions, one key each', () =>
    withMapping({ partitions: 2, properties: { MaximumBatchingWindowInSeconds: 1 } }, async (run) => {
      await produce(run.topic, [
        { value: 'a', partition: 0 },
        { value: 'b', partition: 1 },
        { value: 'c', partition: 0 },
      ]);
      await run.start();
      await eventually(() => run.fn.invocations.length === 1);
      const records = run.fn.invocations[0]?.event.records ?? {};
      expect(Object.keys(records).sort()).toEqual([`${run.topic}-0`, `${run.topic}-1`]);
      expect(records[`${run.topic}-0`]?.map(({ offset }) => offset)).toEqual([0, 1]);
    }));

  test('[documented] a topic name may hold dashes and dots; the partition is after the last dash', async () => {
    const topic = await createTopic('a-b.c_d-1', 1);
    await withMapping({ topic }, async (run) => {
      await produce(topic, [{ value: 'v' }]);
      await run.start();
      await eventually(() => run.fn.invocations.length === 1);
      expect(Object.keys(run.fn.invocations[0]?.event.records ?? {})).toEqual([`${topic}-0`]);
    });
  });

  test('[documented] BatchSize cuts, in order', () =>
    withMapping({ properties: { BatchSize: 4, MaximumBatchingWindowInSeconds: 1 } }, async (run) => {
      await produce(run.topic, values(10));
      await run.start();
      await eventually(() => run.fn.records.length === 10);
      expect([0, 1, 2].map((index) => size(run, index))).toEqual([4, 4, 2]);
      expect(run.fn.records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }));

  test.each([
    ['unset: half a second', undefined, 500],
    ['2: two seconds', 2, 2_000],
  ])('[documented] window %s, counted from the first record', (_name, seconds, windowMs) =>
    withMapping({ properties: { MaximumBatchingWindowInSeconds: seconds } }, async (run) => {
      await run.start();
      await produce(run.topic, [{ value: 'v' }]);
      await eventually(() => run.fn.records.length === 1);
      // That it is not longer needs a clock that the test controls: see event-poller.test.ts.
      const waitedMs = (run.fn.invocations[0]?.startedAt ?? 0) - (run.fn.records[0]?.timestamp ?? 0);
      expect(waitedMs).toBeGreaterThanOrEqual(windowMs);
    }),
  );

  test('[documented] window 0: records are sent although the batch is far from full', () =>
    withMapping({ properties: { MaximumBatchingWindowInSeconds: 0, BatchSize: 10_000 } }, async (run) => {
      await run.start();
      await produce(run.topic, [{ value: 'v' }]);
      await eventually(() => run.fn.records.length === 1);
    }));

  test('[documented] the window ends early when the batch is full', () =>
    withMapping({ properties: { BatchSize: 3, MaximumBatchingWindowInSeconds: 60 } }, async (run) => {
      await run.start();
      await produce(run.topic, values(3));
      await eventually(() => run.fn.records.length === 3);
      expect(size(run, 0)).toBe(3);
    }));

  test('[documented] a payload holds at most 6 MB, [inferred] measured on the serialized event', () =>
    withMapping({ properties: { BatchSize: 100, MaximumBatchingWindowInSeconds: 300 } }, async (run) => {
      const value = Buffer.alloc(700_000, 'x');
      for (let index = 0; index < 13; index++) await produce(run.topic, [{ value }]);
      await run.start();
      // The window is longer than the test: a batch is sent because the next record does not fit, and the last one waits.
      await eventually(() => run.fn.records.length >= 12);
      const sizes = run.fn.invocations.map(({ payload }) => Buffer.byteLength(payload));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024);
      // 700,000 bytes are 933,336 characters in base64: six such records fit, seven do not.
      expect(run.fn.invocations.map((_, index) => size(run, index))).toEqual([6, 6]);
      expect(run.fn.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    }));

  test('[documented] one batch of a partition at a time; [inferred] batches of different partitions run concurrently', () =>
    withMapping({ partitions: 3, properties: { BatchSize: 1 } }, async (run) => {
      run.fn.respond = () => ({ delayMs: 150 });
      const messages = [0, 1, 2].flatMap((partition) =>
        Array.from({ length: 4 }, (_, index) => ({ partition, value: `${partition}:${index}` })),
      );
      await produce(run.topic, messages);
      await run.start();
      await eventually(() => run.fn.invocations.filter(({ endedAt }) => endedAt > 0).length === 12);
      let overlapping = 0;
      for (const [index, one] of run.fn.invocations.entries()) {
        for (const other of run.fn.invocations.slice(index + 1)) {
          if (other.startedAt >= one.endedAt) continue;
          expect(Object.keys(other.event.records)).not.toEqual(Object.keys(one.event.records));
          overlapping += 1;
        }
      }
      expect(overlapping).toBeGreaterThan(0);
      for (const partition of [0, 1, 2]) {
        const own = run.fn.values.filter((value) => value.startsWith(`${partition}:`));
        expect(own).toEqual([0, 1, 2, 3].map((index) => `${partition}:${index}`));
      }
    }));

  test('[inferred] on demand one poller has five concurrent invocations', () =>
    withMapping({ partitions: 7, properties: { BatchSize: 1 } }, async (run) => {
      let running = 0;
      let most = 0;
      // No response before five invocations are in flight, so that the test does not depend on how fast they arrive.
      const five = Promise.withResolvers<void>();
      run.fn.respond = () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 5) five.resolve();
        const onSent = () => {
          running -= 1;
        };
        return { held: five.promise, delayMs: 100, onSent };
      };
      const partitions = [0, 1, 2, 3, 4, 5, 6];
      await produce(
        run.topic,
        partitions.flatMap((partition) => [0, 1, 2].map((value) => ({ partition, value: String(value) }))),
      );
      await run.start();
      await eventually(() => run.fn.records.length === 21);
      expect(most).toBe(5);
    }));

  test('[documented] provisioned mode has at most one poller for each partition; each poller has its own batches', () =>
    withMapping(
      {
        partitions: 3,
        properties: {
          BatchSize: 4,
          MaximumBatchingWindowInSeconds: 1,
          ProvisionedPollerConfig: { MaximumPollers: 50 },
        },
      },
      async (run) => {
        // Enough for four batches. A single poller would fill a batch with the last records of several partitions.
        await produce(
          run.topic,
          [0, 1, 2].flatMap((partition) => Array.from({ length: 5 }, () => ({ partition, value: 'v' }))),
        );
        await run.start();
        await eventually(() => run.fn.records.length === 15);
        expect(run.metrics.ProvisionedPollers).toBe(3);
        expect(run.fn.invocations.map(({ event }) => Object.keys(event.records).length)).toEqual([1, 1, 1, 1, 1, 1]);
      },
    ));

  test('[goal] the number of queued records is bounded by the batch size, whatever the backlog is', () =>
    withMapping({ properties: { BatchSize: 100 } }, async (run) => {
      run.fn.respond = () => ({ delayMs: 20 });
      // Small producer batches, because the broker returns them whole.
      const producer = kafka().producer();
      await producer.connect();
      for (let part = 0; part < 100; part++) {
        await producer.send({ topic: run.topic, messages: values(200, 'x'.repeat(200)) });
      }
      await producer.disconnect();
      await run.start();
      await eventually(() => run.fn.records.length >= 3_000);
      const waiting = run.lines.filter(({ message }) => message === 'polled').map(({ waiting }) => Number(waiting));
      expect(waiting.length).toBeGreaterThan(0);
      // 500 records, which is more than two batches, and one fetch of 64 KB rounded up to a producer batch.
      expect(Math.max(...waiting)).toBeLessThan(500 + (64 * 1024) / 200 + 200);
      expect(run.metrics.PolledEventCount).toBeLessThan(20_000);
    }));
});
