import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createTopic, endpoints } from '../support/servers.ts';
import { committed, eventually, kafka, MappingRun, produce, withMapping } from './event-sources/mapping-run.ts';

jest.setTimeout(60_000);

const messages = (...texts: string[]) => texts.map((value) => ({ value, partition: 0 }));

describe('Where reading starts and goes on', () => {
  test('[documented] TRIM_HORIZON: from the oldest record', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await run.fn.until(() => run.fn.values.length === 2, 'the records');
      expect(run.fn.values).toEqual(['a', 'b']);
    }));

  test('[documented] LATEST: behind what is there; a restart before the first commit loses nothing', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await produce(run.topic, messages('before'));
      await run.start();
      await run.stop();
      await produce(run.topic, messages('between'));
      await run.start();
      await produce(run.topic, messages('after'));
      await run.fn.until(() => run.fn.values.includes('after'), 'the record');
      expect(run.fn.values).toEqual(['between', 'after']);
    }));

  test('[documented] AT_TIMESTAMP: from the first record at or after it', () =>
    withMapping(
      { properties: { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_700_000_000 } },
      async (run) => {
        await produce(run.topic, [
          { value: 'earlier', timestamp: '1699999999999', partition: 0 },
          { value: 'at', timestamp: '1700000000000', partition: 0 },
          { value: 'later', timestamp: '1700000000001', partition: 0 },
        ]);
        await run.start();
        await run.fn.until(() => run.fn.values.includes('later'), 'the records');
        expect(run.fn.values).toEqual(['at', 'later']);
      },
    ));

  test('[documented] a consumer group that has offsets keeps them, whatever StartingPosition says', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c'));
      const admin = kafka().admin();
      await admin.connect();
      await admin.setOffsets({ groupId: run.groupId, topic: run.topic, partitions: [{ partition: 0, offset: '2' }] });
      await admin.disconnect();
      await run.start();
      await run.fn.until(() => run.fn.values.includes('c'), 'the record');
      expect(run.fn.values).toEqual(['c']);
    }));

  test('[documented] the committed offset is the last processed one + 1; a restart goes on there', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
      await run.stop();
      await produce(run.topic, messages('c'));
      await run.start();
      await run.fn.until(() => run.fn.values.includes('c'), 'the record');
      expect(run.fn.values).toEqual(['a', 'b', 'c']);
    }));

  test('[documented] Enabled: false polls nothing and keeps the offsets', () =>
    withMapping({ properties: { Enabled: false } }, async (run) => {
      await produce(run.topic, messages('a'));
      await run.start();
      expect(run.lines).toContainEqual(expect.objectContaining({ message: 'disabled', mapping: 'Mapping' }));
      expect(await committed(run.groupId, run.topic)).toEqual({ 0: -1 });
      expect(run.fn.invocations).toHaveLength(0);
    }));

  test('[inferred] all filtered out: no invocation, but progress is committed', () =>
    withMapping(
      { properties: { FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["wanted"]}}' }] } } },
      async (run) => {
        await produce(run.topic, messages('{"kind":"other"}', '{"kind":"other"}'));
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
        expect(run.fn.invocations).toHaveLength(0);
        expect(run.metrics).toMatchObject({ PolledEventCount: 2, FilteredOutEventCount: 2, CommittedEventCount: 2 });
      },
    ));

  test('[documented] filters come before batching: BatchSize counts what matches', () =>
    withMapping(
      {
        properties: {
          BatchSize: 2,
          MaximumBatchingWindowInSeconds: 1,
          FilterCriteria: { Filters: [{ Pattern: '{"value":{"n":[{"numeric":[">",2]}]}}' }] },
        },
      },
      async (run) => {
        await produce(run.topic, messages(...[1, 3, 2, 4, 1, 5].map((n) => JSON.stringify({ n }))));
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 6, 'the commit');
        expect(run.fn.records.map(({ offset }) => offset)).toEqual([1, 3, 5]);
        expect(run.fn.invocations).toHaveLength(2);
      },
    ));

  test('[goal] a topic that does not exist yet, and a broker that is away, are told in one line and waited for', async () => {
    const topic = `esm-late-${Date.now()}`;
    await withMapping({ topic }, async (run) => {
      const started = run.starting();
      await eventually(() => run.lines.some(({ reason }) => /does not exist/.test(String(reason))), 'the notice');
      const admin = kafka().admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
      await started;
      await produce(topic, messages('a'));
      await run.fn.until(() => run.fn.values.includes('a'), 'the record');
      expect(run.lines.filter(({ message }) => String(message).startsWith('not polling')).length).toBeLessThan(4);
    });
  });
});

describe('Several members of a group', () => {
  test('[documented] share the partitions; a rebalance repeats at most, reorders and loses nothing', async () => {
    const topic = await createTopic('esm-rebalance', 4);
    await withMapping({ topic, properties: { BatchSize: 5 } }, async (one) => {
      const other = new MappingRun(topic, `${one.directory}-other`, one.fn, { topic, properties: { BatchSize: 5 } });
      const seen: { partition: number; offset: number }[] = [];
      const running = new Map<string, number>();
      let overlapped = 0;
      one.fn.answer = (event) => {
        for (const [key, records] of Object.entries(event.records)) {
          if ((running.get(key) ?? 0) > Date.now()) overlapped += 1;
          running.set(key, Date.now() + 15);
          seen.push(...records);
        }
        return { delayMs: 20 };
      };
      const perPartition = 200;
      await produce(
        topic,
        [0, 1, 2, 3].flatMap((partition) =>
          Array.from({ length: perPartition }, (_, index) => ({ partition, value: `${partition}:${index}` })),
        ),
      );
      await one.start();
      await one.fn.until(() => seen.length > 60, 'a beginning');
      await other.start();
      await one.fn.until(() => seen.length > 300, 'both at work');
      await other.stop();
      await eventually(
        async () => Object.values(await committed(one.groupId, topic)).every((offset) => offset === perPartition),
        'all commits',
        30_000,
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
    await withMapping({ topic, properties: { BatchSize: 7 } }, async (run) => {
      run.fn.answer = () => ({ delayMs: 5 });
      const perPartition = 600;
      await produce(
        topic,
        [0, 1, 2].flatMap((partition) =>
          Array.from({ length: perPartition }, (_, index) => ({ partition, value: `${partition}:${index}` })),
        ),
      );
      const task = JSON.stringify({
        brokers: endpoints().kafka.brokers,
        template: run.template(),
        lambda: run.fn.endpoint,
        directory: run.directory,
      });
      let restartMs = 0;
      for (const untilRecords of [150, 500, 900]) {
        const startedAt = Date.now();
        const child: ChildProcess = spawn(
          process.execPath,
          [join(__dirname, 'event-sources', 'killed-source.ts'), task],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        const polling = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
        await polling;
        restartMs = Math.max(restartMs, Date.now() - startedAt);
        await run.fn.until(() => run.fn.records.length > untilRecords, `${untilRecords} records`, 30_000);
        const exit = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await exit;
      }
      await run.start();
      await eventually(
        async () => Object.values(await committed(run.groupId, topic)).every((offset) => offset === perPartition),
        'all commits',
        30_000,
      );
      for (const partition of [0, 1, 2]) {
        const offsets = run.fn.records.filter((record) => record.partition === partition).map(({ offset }) => offset);
        const first = offsets.filter((offset, index) => offsets.indexOf(offset) === index);
        expect(first).toEqual(Array.from({ length: perPartition }, (_, index) => index));
      }
      // The session of a dead member lasts ten seconds.
      expect(restartMs).toBeLessThan(9_000);
    });
  });
});
