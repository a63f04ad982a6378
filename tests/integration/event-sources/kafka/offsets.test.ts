import { kafka, produce, withAdmin } from '../../../support/event-sources/kafka-client.ts';
import { type MappingRun, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeTopic, uniqueName } from '../../../support/servers.ts';

/** For an attempt that may be too early. */
const thatWorked = [() => true, () => false] as const;

/** Deletes the records of partition 0 before the offset, as retention does. */
function deleteRecordsBefore(topic: string, offset: string): Promise<void> {
  return withAdmin(async (admin) => {
    // Loads the metadata: kafkajs deletes only from partitions whose leader it knows.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  });
}

/** Commits an offset of partition 0 as a member of the mapping's group, and leaves the group. */
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

describe('Offsets', () => {
  test('[documented] TRIM_HORIZON: from the oldest record', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(() => run.fn.values.length === 2);
      expect(run.fn.values).toEqual(['a', 'b']);
    }));

  test('[documented] LATEST: after the existing records; a restart before the first commit loses nothing', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await produce(run.topic, messages('before'));
      await run.start();
      await run.stop();
      await produce(run.topic, messages('between'));
      await run.start();
      await produce(run.topic, messages('after'));
      await eventually(() => run.fn.values.includes('after'));
      expect(run.fn.values).toEqual(['between', 'after']);
    }));

  test('[documented] AT_TIMESTAMP: from the first record at or after it', () =>
    withMapping(
      {
        properties: { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_700_000_000 },
        // Without retention: the broker would delete records of 2023.
        topicSettings: { 'retention.ms': '-1' },
      },
      async (run) => {
        await produce(run.topic, [
          { value: 'earlier', timestamp: '1699999999999', partition: 0 },
          { value: 'at', timestamp: '1700000000000', partition: 0 },
          { value: 'later', timestamp: '1700000000001', partition: 0 },
        ]);
        await run.start();
        await eventually(() => run.fn.values.includes('later'));
        expect(run.fn.values).toEqual(['at', 'later']);
      },
    ));

  test('[documented] a consumer group with committed offsets continues there, whatever StartingPosition is', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c'));
      await commitAs(run, '2');
      await run.start();
      await eventually(() => run.fn.values.includes('c'));
      expect(run.fn.values).toEqual(['c']);
    }));

  test('[documented] the committed offset is the last processed one + 1; a restart continues there', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await run.untilCommitted(2);
      await run.stop();
      await produce(run.topic, messages('c'));
      await run.start();
      await eventually(() => run.fn.values.includes('c'));
      expect(run.fn.values).toEqual(['a', 'b', 'c']);
    }));

  test('[documented] Enabled: false polls nothing and keeps the offsets', () =>
    withMapping({ properties: { Enabled: false } }, async (run) => {
      await produce(run.topic, messages('a'));
      await run.start();
      expect(run.lines).toContainEqual(expect.objectContaining({ message: 'disabled', mapping: 'Mapping' }));
      expect(await run.committedOffsets()).toEqual({ 0: -1 });
      expect(run.fn.invocations).toHaveLength(0);
    }));

  test('[inferred] all filtered out: no invocation, but progress is committed', () =>
    withMapping(
      { properties: { FilterCriteria: { Filters: [{ Pattern: '{"value":{"kind":["wanted"]}}' }] } } },
      async (run) => {
        await produce(run.topic, messages('{"kind":"other"}', '{"kind":"other"}'));
        await run.start();
        await run.untilCommitted(2);
        expect(run.fn.invocations).toHaveLength(0);
        // The broker has the commit before its response arrives.
        await eventually(() => run.metrics.CommittedEventCount > 0);
        expect(run.metrics).toMatchObject({ PolledEventCount: 2, FilteredOutEventCount: 2, CommittedEventCount: 2 });
      },
    ));

  test('[documented] filters apply before batching: BatchSize counts matching records', () =>
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
        await run.untilCommitted(6);
        expect(run.fn.records.map(({ offset }) => offset)).toEqual([1, 3, 5]);
        expect(run.fn.invocations).toHaveLength(2);
      },
    ));

  test('[inferred] partitions that are added to a topic are read from their beginning', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await run.start();
      await withAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic: run.topic, count: 3 }] }));
      // Fails until the broker knows the new partitions.
      await eventually(() => produce(run.topic, [{ value: 'new', partition: 2 }]).then(...thatWorked));
      await eventually(() => run.fn.values.includes('new'));
      expect(run.fn.records[0]).toMatchObject({ partition: 2, offset: 0 });
    }));

  test('[inferred] if the broker no longer has the committed offset, the oldest record is next', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c', 'd'));
      await commitAs(run, '1');
      await deleteRecordsBefore(run.topic, '3');
      await run.start();
      await eventually(() => run.fn.values.includes('d'));
      expect(run.fn.values).toEqual(['d']);
    }));

  test('[inferred] the same if the broker deletes the records while the function keeps failing', () =>
    withMapping({ properties: { StartingPosition: 'LATEST' } }, async (run) => {
      let released = false;
      run.fn.respond = () => (released ? {} : { functionError: 'Unhandled' });
      await run.start();
      const value = 'x'.repeat(1_000);
      for (let part = 0; part < 40; part++) await produce(run.topic, Array(50).fill({ value, partition: 0 }));
      const { metrics } = run;
      await eventually(() => metrics.PolledEventCount >= 500);
      await deleteRecordsBefore(run.topic, '1500');
      released = true;
      await run.untilCommitted(2_000);
      const delivered = new Set(run.fn.records.map(({ offset }) => offset));
      expect([...delivered].filter((offset) => offset >= 1_500)).toHaveLength(500);
    }));

  test('[inferred] a topic that is deleted and created again is read from its beginning', () =>
    withMapping({}, async (run) => {
      await produce(run.topic, messages('a', 'b', 'c'));
      await run.start();
      await run.untilCommitted(3);
      const { topic } = run;
      await withAdmin(async (admin) => {
        await admin.deleteTopics({ topics: [topic] });
        await eventually(() =>
          admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }).then(...thatWorked),
        );
      });
      await eventually(() => produce(topic, messages('again')).then(...thatWorked));
      await eventually(() => run.fn.values.includes('again'));
      expect(run.fn.values).toEqual(['a', 'b', 'c', 'again']);
      await run.untilCommitted(1);
    }));

  test('[goal] a missing topic is logged in one line and retried until it exists', async () => {
    const topic = uniqueName('esm-late');
    await withMapping({ topic }, async (run) => {
      const started = run.start();
      const notices = () => run.lines.filter(({ message }) => String(message).startsWith('not polling'));
      await eventually(() => run.metrics.PollingErrorCount >= 4);
      expect(notices()).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(/does not exist/) }));
      // The same reason is logged once; a busy machine may have another one in between.
      expect(notices().length).toBeLessThan(4);
      // The other sources need not wait for it.
      await run.ready();
      const reason = expect.stringMatching(
        `topic ${topic} does not exist .* create it with "kafka-topics.sh .* --create`,
      );
      expect(run.standstills).toEqual([
        { what: 'event source Mapping of recording', reason, forSeconds: expect.any(Number) },
      ]);
      await withAdmin((admin) => makeTopic(admin, topic, 1));
      await started;
      await produce(topic, messages('a'));
      await eventually(() => run.fn.values.includes('a'));
      expect(run.standstills).toEqual([]);
    });
  });
});
