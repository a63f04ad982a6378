import {
  committed,
  eventually,
  kill,
  MappingRun,
  produce,
  withMapping,
} from '../../../support/event-sources/mapping-run.ts';
import { createTopic } from '../../../support/servers.ts';

jest.setTimeout(300_000);

describe('Several members of a group', () => {
  test('[documented] share the partitions; a rebalance repeats at most, reorders and loses nothing', async () => {
    const topic = await createTopic('esm-rebalance', 4);
    await withMapping({ topic, properties: { BatchSize: 5 } }, async (one) => {
      const other = new MappingRun(topic, `${one.directory}/other`, one.fn, { topic, properties: { BatchSize: 5 } });
      const seen: { partition: number; offset: number }[] = [];
      const running = new Map<string, number>();
      let overlapped = 0;
      let joined = false;
      one.fn.answer = (event) => {
        for (const [key, records] of Object.entries(event.records)) {
          if ((running.get(key) ?? 0) > Date.now()) overlapped += 1;
          running.set(key, Date.now() + 15);
          seen.push(...records);
        }
        // Slow at first, and slower still, so that the other member finds something left to share, however late it comes.
        if (joined) return { delayMs: 20 };
        return { delayMs: seen.length < 200 ? 400 : 4_000 };
      };
      const perPartition = 200;
      await produce(
        topic,
        [0, 1, 2, 3].flatMap((partition) =>
          Array.from({ length: perPartition }, (_, index) => ({ partition, value: `${partition}:${index}` })),
        ),
      );
      await one.start();
      await one.fn.until(() => seen.length > 20, 'a beginning');
      await other.start();
      joined = true;
      const assigned = (run: MappingRun) =>
        run.lines.findLast(({ message }) => message === 'polling')?.['assignedPartitions'] as unknown[] | undefined;
      await eventually(() => assigned(one)?.length === 2 && assigned(other)?.length === 2, 'two partitions each');
      await eventually(() => other.metrics.InvokedEventCount > 50, 'the other one at work');
      await other.stop();
      await eventually(
        async () => Object.values(await committed(one.groupId, topic)).every((offset) => offset === perPartition),
        'all commits',
        120_000,
      );
      expect(overlapped).toBe(0);
      for (const partition of [0, 1, 2, 3]) {
        const offsets = seen.filter((record) => record.partition === partition).map(({ offset }) => offset);
        const first = offsets.filter((offset, index) => offsets.indexOf(offset) === index);
        // The first delivery of each record is in order: repetitions go back, they never skip.
        expect(first).toEqual(Array.from({ length: perPartition }, (_, index) => index));
      }
    });
  });
});

describe('Killed with kill -9', () => {
  test('[goal] every record is delivered at least once, in order, and the next process need not wait for the dead member', async () => {
    const topic = await createTopic('esm-killed', 3);
    // For a member that is gone the group would wait for ten minutes, which is longer than this test may take.
    await withMapping({ topic, properties: { BatchSize: 7 }, timeoutSeconds: 570 }, async (run) => {
      run.fn.answer = () => ({ delayMs: 5 });
      const perPartition = 600;
      await produce(
        topic,
        [0, 1, 2].flatMap((partition) =>
          Array.from({ length: perPartition }, (_, index) => ({ partition, value: `${partition}:${index}` })),
        ),
      );
      for (const untilRecords of [150, 500, 900]) {
        const child = await run.startProcess();
        await run.fn.until(() => run.fn.records.length > untilRecords, `${untilRecords} records`);
        await kill(child);
      }
      await run.start();
      await eventually(
        async () => Object.values(await committed(run.groupId, topic)).every((offset) => offset === perPartition),
        'all commits',
        120_000,
      );
      for (const partition of [0, 1, 2]) {
        const offsets = run.fn.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
        const first = offsets.filter((offset, index) => offsets.indexOf(offset) === index);
        expect(first).toEqual(Array.from({ length: perPartition }, (_, index) => index));
      }
    });
  });
});
