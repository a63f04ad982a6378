import type { FileArrival } from '../../../functions/core/ingestion.ts';
import { RowsWatch } from '../../../functions/watch-replica/rows-watch.ts';
import { arrivalOf, BUCKET, begin, countsOf, rowsOf } from '../../contract/salary-database.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { emptyInMemorySalaryDatabase } from '../../support/in-memory-salary-database-under-test.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TOPIC = 'employee-salaries';
const GROUP = 'load-salaries';
const MINUTE_MS = 60_000;
const file = arrivalOf('a.csv', '1');

async function createRig() {
  const database = await emptyInMemorySalaryDatabase();
  const unfinishedFiles = database.unfinishedFiles(BUCKET);
  const topics = new InMemoryTopics();
  topics.createTopic(TOPIC, 2);
  const conditions = new InMemoryConditionStore();
  const dependencies = { inspector: topics, unfinishedFiles, conditions, logger: new RecordingLogger() };
  const watch = new RowsWatch({ ...dependencies, topic: TOPIC, group: GROUP });
  return {
    ...{ database, topics, conditions, watch },
    /** Publishes the five rows of a file to each partition, and records its end. */
    send: async (sent: FileArrival) => {
      await begin(database, sent);
      for (const partition of [0, 1]) topics.write(TOPIC, partition, 5);
      await database.ledger.finish(sent, countsOf(10));
    },
    load: (loaded: FileArrival, first: number, last: number) => database.tables.load(rowsOf(loaded, first, last)),
    commit: (...offsets: readonly number[]) => {
      for (const [partition, offset] of offsets.entries()) topics.commitOffset(GROUP, TOPIC, partition, BigInt(offset));
    },
    stalled: async () => (await unfinishedFiles.findStalled(MINUTE_MS)).map(({ key }) => key),
    request: () => unfinishedFiles.recordRequest(file, MINUTE_MS),
  };
}

it('leaves files alone whose rows still wait in the topic', async () => {
  const { send, load, commit, watch, stalled, conditions } = await createRig();
  await send(file);
  await load(file, 1, 5);
  commit(5);
  for (let look = 0; look < 3; look += 1) expect(await watch.look()).toBe(0);
  expect(await stalled()).toEqual([]);
  expect(conditions.conditions).toEqual([]);
});

it('leaves complete files alone', async () => {
  const { send, load, commit, watch } = await createRig();
  await send(file);
  await watch.look();
  await load(file, 1, 10);
  commit(5, 5);
  expect(await watch.look()).toBe(0);
  expect(await watch.look()).toBe(0);
});

it('starts a file again whose rows the group has passed, although they are not in the tables', async () => {
  const { send, load, commit, watch, stalled, conditions } = await createRig();
  await send(file);
  await load(file, 1, 7);
  commit(5, 5);
  expect(await watch.look()).toBe(1);
  expect(await stalled()).toEqual(['a.csv']);
  expect(conditions.conditions).toMatchObject([
    {
      id: 'watch-replica/missing-rows',
      code: 'PIPE_ROWS_MISSING',
      message: expect.stringMatching(/a\.csv .*reconcile-bucket/),
    },
  ]);
});

it('notices lost rows while the rows of later files wait', async () => {
  const { send, load, commit, watch, stalled, topics } = await createRig();
  await send(file);
  await load(file, 1, 7);
  expect(await watch.look()).toBe(0);
  topics.write(TOPIC, 0, 1_000);
  commit(5, 5);
  expect(await watch.look()).toBe(1);
  expect(await stalled()).toEqual(['a.csv']);
});

it('notices each file whose rows are lost', async () => {
  const { send, commit, watch, stalled } = await createRig();
  const later = arrivalOf('b.csv', '1');
  await send(file);
  commit(5, 5);
  expect(await watch.look()).toBe(1);
  await send(later);
  commit(10, 10);
  expect(await watch.look()).toBe(1);
  expect((await stalled()).sort()).toEqual(['a.csv', 'b.csv']);
});

it.each<[string, (topics: InMemoryTopics) => void]>([
  [
    'the topic was deleted and created again',
    (topics) => {
      topics.deleteTopic(TOPIC);
      topics.createTopic(TOPIC, 2);
    },
  ],
  [
    'the records were deleted',
    (topics) => {
      for (const partition of [0, 1]) topics.deleteRecords(TOPIC, partition, 5n);
    },
  ],
  [
    'the topic has lost its end',
    (topics) => {
      for (const partition of [0, 1]) topics.truncate(TOPIC, partition, 0n);
    },
  ],
])('starts a file again when %s', async (_, lose) => {
  const { send, watch, topics, stalled } = await createRig();
  await send(file);
  await watch.look();
  lose(topics);
  await watch.look();
  await watch.look();
  expect(await stalled()).toEqual(['a.csv']);
});

it('waits for a file that was started again, and shows the condition only until then', async () => {
  const { send, load, commit, watch, stalled, conditions, request } = await createRig();
  await send(file);
  await load(file, 1, 7);
  commit(5, 5);
  await watch.look();
  await watch.look();
  expect(conditions.conditions).toHaveLength(1);
  await request();
  for (let look = 0; look < 3; look += 1) expect(await watch.look()).toBe(0);
  expect(await stalled()).toEqual([]);
  expect(conditions.conditions).toEqual([]);
});
