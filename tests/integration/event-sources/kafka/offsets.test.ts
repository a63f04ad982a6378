import type { Admin } from 'kafkajs';
import {
  committed,
  eventually,
  kafka,
  type MappingRun,
  produce,
  withMapping,
} from '../../../support/event-sources/mapping-run.ts';
import { makeTopic, uniqueName } from '../../../support/servers.ts';

/** Of an attempt that may be too early. */
const thatWorked = [() => true, () => false] as const;

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** As retention does: what stands before the offset in partition 0 goes. */
function dropRecords(topic: string, offset: string): Promise<void> {
  return withAdmin(async (admin) => {
    // kafkajs deletes only where it knows the leader already, which this makes it learn.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });
}

/** A member of the mapping's group that commits an offset of partition 0, and leaves. */
async function commitAs({ groupId, topic }: MappingRun, offset: string): Promise<void> {
  const consumer = kafka().consumer({ groupId, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachBatch: async () => {} });
  await joined;
  await consumer.commitOffsets([{ topic, partition: 0, offset }]);
  await consumer.disconnect();
}

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
      {
        properties: { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_700_000_000 },
        // Retention would take away records of 2023 as soon as the broker looks.
        topicSettings: { 'retention.ms': '-1' },
      },
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
      await commitAs(run, '2');
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
        // The broker knows of the commit before its answer is here.
        await eventually(() => run.metrics.CommittedEventCount > 0, 'the counter');
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

  test('[inferred] partitions that a topic gains are read from their beginning', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await run.start();
      await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic: run.topic, count: 3 }] }));
      // Whoever produces sees the new partitions when the brokers do.
      await eventually(
        () => produce(run.topic, [{ value: 'new', partition: 2 }]).then(...thatWorked),
        'a record on the new partition',
      );
      await run.fn.until(() => run.fn.values.includes('new'), 'the record');
      expect(run.fn.records[0]).toMatchObject({ partition: 2, offset: 0 });
    }));

  test('[inferred] where the broker has dropped the records at the committed offset, the oldest that is left is next', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c', 'd'));
      await commitAs(run, '1');
      await dropRecords(run.topic, '3');
      await run.start();
      await run.fn.until(() => run.fn.values.includes('d'), 'the record');
      expect(run.fn.values).toEqual(['d']);
    }));

  test('[inferred] the same where it drops them while a function is at a standstill', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      let released = false;
      run.fn.answer = () => (released ? {} : { functionError: 'Unhandled' });
      await run.start();
      const value = 'x'.repeat(1_000);
      for (let part = 0; part < 40; part++) await produce(run.topic, Array(50).fill({ value, partition: 0 }));
      const { metrics } = run;
      await eventually(() => metrics.PolledEventCount >= 500, 'as many records as may wait');
      await dropRecords(run.topic, '1500');
      released = true;
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2_000, 'the last commit');
      const delivered = new Set(run.fn.records.map(({ offset }) => offset));
      expect([...delivered].filter((offset) => offset >= 1_500)).toHaveLength(500);
    }));

  test('[inferred] a topic that is deleted and made anew is read from its beginning', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 3, 'the commit');
      const { topic } = run;
      await withAdmin(async (admin) => {
        await admin.deleteTopics({ topics: [topic] });
        await eventually(
          () => admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }).then(...thatWorked),
          'the topic',
        );
      });
      await eventually(() => produce(topic, messages('anew')).then(...thatWorked), 'a record on it');
      await run.fn.until(() => run.fn.values.includes('anew'), 'the record');
      expect(run.fn.values).toEqual(['a', 'b', 'c', 'anew']);
      await eventually(async () => (await committed(run.groupId, topic))[0] === 1, 'its commit');
    }));

  test('[goal] a topic that does not exist yet, and a broker that is away, are told in one line and waited for', async () => {
    const topic = uniqueName('esm-late');
    await withMapping({ topic }, async (run) => {
      const started = run.starting();
      const notices = () => run.lines.filter(({ message }) => String(message).startsWith('not polling'));
      await eventually(() => run.metrics.PollingErrorCount >= 4, 'several attempts');
      expect(notices()).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(/does not exist/) }));
      // The same trouble is told once; a busy machine may have another one in between.
      expect(notices().length).toBeLessThan(4);
      await withAdmin((admin) => makeTopic(admin, topic, 1));
      await started;
      await produce(topic, messages('a'));
      await run.fn.until(() => run.fn.values.includes('a'), 'the record');
    });
  });
});
