import type { FileVersion } from '../../../functions/core/salary-record.ts';
import type { SentFile } from '../../../functions/ports/unfinished-files.ts';
import { RowsWatch } from '../../../functions/watch-replica/rows-watch.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TOPIC = 'employee-salaries';
const file = (key: string, hasLostRows = false): SentFile => ({ bucket: 'b', key, version: '1', hasLostRows });
const A = file('a.csv');

/** Five rows are published, and the group has passed them. Which files are sent, and lost, is up to the test. */
function createRig(sent: readonly SentFile[], lost: readonly FileVersion[] = []) {
  const topics = new InMemoryTopics();
  topics.createTopic(TOPIC, 1);
  topics.write(TOPIC, 0, 5);
  topics.commitOffset('load-salaries', TOPIC, 0, 5n);
  const [conditions, logger] = [new InMemoryConditionStore(), new RecordingLogger()];
  const unfinishedFiles = { findSent: jest.fn(async () => sent), recordLostRows: jest.fn(async () => lost) };
  const dependencies = { inspector: topics, unfinishedFiles, conditions, logger, topic: TOPIC, group: 'load-salaries' };
  return { topics, conditions, logger, unfinishedFiles, watch: new RowsWatch(dependencies) };
}
const messages = (conditions: InMemoryConditionStore) => conditions.conditions.map(({ message }) => message);

it('records and logs which files have lost rows, and not again within ten minutes', async () => {
  const { watch, unfinishedFiles, logger } = createRig([A, file('b.csv')], [A]);
  expect(await watch.look()).toBe(1);
  expect(unfinishedFiles.recordLostRows.mock.calls).toEqual([[[A, file('b.csv')], 600_000]]);
  expect(logger.entries).toEqual([
    { level: 'warn', message: 'files have lost rows and are started again', context: { keys: ['a.csv'] } },
  ]);
});

it('logs nothing when the rows were loaded meanwhile', async () => {
  const { watch, logger, conditions } = createRig([A], []);
  expect(await watch.look()).toBe(0);
  expect(logger.entries).toEqual([]);
  expect(conditions.conditions).toEqual([]);
});

it('does not ask Kafka while no file waits for rows', async () => {
  const { watch, topics, unfinishedFiles } = createRig([file('a.csv', true)]);
  const describe = jest.spyOn(topics, 'describe');
  expect(await watch.look()).toBe(0);
  expect(describe).not.toHaveBeenCalled();
  expect(unfinishedFiles.recordLostRows).not.toHaveBeenCalled();
});

it('waits only for files whose rows are not known to be lost', async () => {
  const { watch, unfinishedFiles } = createRig([file('b.csv', true), A]);
  await watch.look();
  expect(unfinishedFiles.recordLostRows).toHaveBeenCalledWith([A], 600_000);
});

it('begins again when the topic is another one than before', async () => {
  const { watch, topics, unfinishedFiles } = createRig([A]);
  topics.commitOffset('load-salaries', TOPIC, 0, 4n);
  await watch.look();
  topics.deleteTopic(TOPIC);
  topics.createTopic(TOPIC, 1);
  expect(await watch.look()).toBe(0);
  expect(unfinishedFiles.recordLostRows).not.toHaveBeenCalled();
  await watch.look();
  expect(unfinishedFiles.recordLostRows).toHaveBeenCalledTimes(1);
});

it('waits no longer for a partition that does not exist any more', async () => {
  const { watch, topics, unfinishedFiles } = createRig([A]);
  topics.commitOffset('load-salaries', TOPIC, 0, 4n);
  await watch.look();
  const describe = jest.spyOn(topics, 'describe');
  describe.mockImplementation(async () => ({ clusterId: 'cluster', topicId: 'topic-1', partitions: [] }));
  await watch.look();
  expect(unfinishedFiles.recordLostRows).toHaveBeenCalledTimes(1);
});

describe('the condition of missing rows', () => {
  const of = (keys: string) =>
    `the target lacks rows of ${keys} that group load-salaries does not receive from topic employee-salaries any more: ` +
    'Kafka has lost records, the target was restored from an older copy, or the offsets of the group were moved forward. ' +
    'Nothing is to be done: reconcile-bucket starts these files again at its next run.';

  it.each([
    [['a.csv'], 'a.csv'],
    [['a.csv', 'b.csv', 'c.csv'], 'a.csv, b.csv, c.csv'],
    [['a.csv', 'b.csv', 'c.csv', 'd.csv'], 'a.csv, b.csv, c.csv and more'],
  ])('names up to three files: %j', async (keys, text) => {
    const { watch, conditions } = createRig(keys.map((key) => file(key, true)));
    await watch.look();
    expect(messages(conditions)).toEqual([of(text)]);
  });

  it('is about the files that have just been found, and else about those found before', async () => {
    const found = createRig([A, file('b.csv', true)], [A]);
    await found.watch.look();
    expect(messages(found.conditions)).toEqual([of('a.csv')]);
    const before = createRig([A, file('b.csv', true)], []);
    await before.watch.look();
    expect(messages(before.conditions)).toEqual([of('b.csv')]);
  });

  it('of an earlier instance is cleared once', async () => {
    const { watch, conditions } = createRig([]);
    await conditions.report({ id: 'watch-replica/missing-rows', code: 'PIPE_ROWS_MISSING', message: 'earlier' });
    const clear = jest.spyOn(conditions, 'clear');
    await watch.look();
    await watch.look();
    expect(clear.mock.calls).toEqual([['watch-replica/missing-rows']]);
    expect(conditions.conditions).toEqual([]);
  });
});
