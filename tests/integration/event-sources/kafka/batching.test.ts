import { eventually, kafka, produce, withMapping } from '../../../support/event-sources/mapping-run.ts';
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
      await run.fn.until(() => run.fn.invocations.length === 1, 'the batch');
      const records = run.fn.invocations[0]?.event.records ?? {};
      expect(Object.keys(records).sort()).toEqual([`${run.topic}-0`, `${run.topic}-1`]);
      expect(records[`${run.topic}-0`]?.map(({ offset }) => offset)).toEqual([0, 1]);
    }));

  test('[documented] a topic name with dashes and dots stands before the last dash', async () => {
    const topic = await createTopic('a-b.c_d-1', 1);
    await withMapping({ topic }, async (run) => {
      await produce(topic, [{ value: 'v' }]);
      await run.start();
      await run.fn.until(() => run.fn.invocations.length === 1, 'the event');
      expect(Object.keys(run.fn.invocations[0]?.event.records ?? {})).toEqual([`${topic}-0`]);
    });
  });

  test('[documented] BatchSize cuts, in order', () =>
    withMapping({ properties: { BatchSize: 4, MaximumBatchingWindowInSeconds: 1 } }, async (run) => {
      await produce(run.topic, values(10));
      await run.start();
      await run.fn.until(() => run.fn.records.length === 10, 'all records');
      expect([0, 1, 2].map((index) => size(run, index))).toEqual([4, 4, 2]);
      expect(run.fn.records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }));

  test.each([
    ['unset: half a second', undefined, 500, 3_500],
    ['2: two seconds', 2, 2_000, 5_000],
    ['0: at once', 0, 0, 300],
  ])('[documented] window %s, counted from the first record', (_name, seconds, least, most) =>
    withMapping({ properties: { MaximumBatchingWindowInSeconds: seconds } }, async (run) => {
      await run.start();
      const waits: number[] = [];
      // A busy machine may hold up any record: that one was not held up shows that the window is no longer.
      do {
        const index = waits.length;
        await produce(run.topic, [{ value: String(index) }]);
        await run.fn.until(() => run.fn.records.length === index + 1, 'the record');
        await eventually(() => run.metrics.CommittedEventCount === index + 1, 'its commit');
        waits.push((run.fn.invocations[index]?.startedAt ?? 0) - (run.fn.records[index]?.timestamp ?? 0));
      } while (Math.min(...waits) >= most && waits.length < 15);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(least);
      expect(Math.min(...waits)).toBeLessThan(most);
    }),
  );

  test('[documented] the window ends early when the batch is full', () =>
    withMapping({ properties: { BatchSize: 3, MaximumBatchingWindowInSeconds: 60 } }, async (run) => {
      await run.start();
      await produce(run.topic, values(3));
      await run.fn.until(() => run.fn.records.length === 3, 'the full batch');
      expect(size(run, 0)).toBe(3);
    }));

  test('[documented] a payload holds at most 6 MB, [inferred] measured on the serialised event', () =>
    withMapping({ properties: { BatchSize: 100, MaximumBatchingWindowInSeconds: 300 } }, async (run) => {
      const value = Buffer.alloc(700_000, 'x');
      for (let index = 0; index < 13; index++) await produce(run.topic, [{ value }]);
      await run.start();
      // The window is longer than the test, so that a batch goes out when the next record does not fit, and the last waits.
      await run.fn.until(() => run.fn.records.length >= 12, 'both batches');
      const sizes = run.fn.invocations.map(({ payload }) => Buffer.byteLength(payload));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024);
      // 700,000 bytes are 933,336 characters in base64: six of them fit, seven do not.
      expect(run.fn.invocations.map((_, index) => size(run, index))).toEqual([6, 6]);
      expect(run.fn.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    }));

  test('[documented] one batch of a partition at a time; [inferred] partitions run side by side', () =>
    withMapping({ partitions: 3, properties: { BatchSize: 1 } }, async (run) => {
      run.fn.answer = () => ({ delayMs: 150 });
      const messages = [0, 1, 2].flatMap((partition) =>
        Array.from({ length: 4 }, (_, index) => ({ partition, value: `${partition}:${index}` })),
      );
      await produce(run.topic, messages);
      await run.start();
      await run.fn.until(() => run.fn.invocations.filter(({ endedAt }) => endedAt > 0).length === 12, 'all records');
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

  test('[inferred] on demand one poller runs five invocations at a time', () =>
    withMapping({ partitions: 7, properties: { BatchSize: 1 } }, async (run) => {
      let running = 0;
      let most = 0;
      // However slowly they arrive: none is answered before five are there.
      const five = Promise.withResolvers<void>();
      run.fn.answer = () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 5) five.resolve();
        const onAnswered = () => {
          running -= 1;
        };
        return { held: five.promise, delayMs: 100, onAnswered };
      };
      const partitions = [0, 1, 2, 3, 4, 5, 6];
      await produce(
        run.topic,
        partitions.flatMap((partition) => [0, 1, 2].map((value) => ({ partition, value: String(value) }))),
      );
      await run.start();
      await run.fn.until(() => run.fn.records.length === 21, 'all records');
      expect(most).toBe(5);
    }));

  test('[documented] provisioned pollers are capped at the number of partitions; each has its own batches', () =>
    withMapping(
      {
        partitions: 3,
        properties: { MaximumBatchingWindowInSeconds: 1, ProvisionedPollerConfig: { MaximumPollers: 50 } },
      },
      async (run) => {
        await produce(
          run.topic,
          [0, 1, 2].map((partition) => ({ partition, value: 'v' })),
        );
        await run.start();
        await run.fn.until(() => run.fn.records.length === 3, 'all records');
        expect(run.metrics.ProvisionedPollers).toBe(3);
        expect(run.fn.invocations.map(({ event }) => Object.keys(event.records).length)).toEqual([1, 1, 1]);
      },
    ));

  test('[goal] memory is bounded by batch size and partitions: what waits does not grow with the backlog', () =>
    withMapping({ properties: { BatchSize: 100 } }, async (run) => {
      run.fn.answer = () => ({ delayMs: 20 });
      // The broker hands out a producer's batch whole, so these are small ones.
      const producer = kafka().producer();
      await producer.connect();
      for (let part = 0; part < 100; part++) {
        await producer.send({ topic: run.topic, messages: values(200, 'x'.repeat(200)) });
      }
      await producer.disconnect();
      await run.start();
      await run.fn.until(() => run.fn.records.length >= 3_000, 'a part of the backlog');
      const waiting = run.lines.filter(({ message }) => message === 'polled').map(({ waiting }) => Number(waiting));
      expect(waiting.length).toBeGreaterThan(0);
      // Twice the batch size, at least 500, and what one fetch of 64 KB brings, rounded up to a producer's batch.
      expect(Math.max(...waiting)).toBeLessThan(500 + (64 * 1024) / 200 + 200);
      expect(run.metrics.PolledEventCount).toBeLessThan(20_000);
    }));
});
