import { OffsetCommitter } from '../../../../../localstack/event-sources/kafka/offsets/offset-committer.ts';
import { MappingMetrics } from '../../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import { FakeGroup } from '../fake-group.ts';
import { kafkaMapping, silentLog } from '../fixtures.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function setUp(committed: Record<number, number> = { 0: 0, 1: 0 }) {
  const group = new FakeGroup(committed);
  const metrics = new MappingMetrics();
  const offsets = new Map(Object.entries(committed).map(([partition, offset]) => [Number(partition), offset]));
  const committer = new OffsetCommitter({ mapping: kafkaMapping(), metrics, log: silentLog }, group, offsets);
  return { group, metrics, committer };
}

const settle = () => jest.advanceTimersByTimeAsync(0);
const brokerError = (type: string) => Object.assign(new Error(type), { type });

test('one request carries everything that was requested in the same turn', async () => {
  const { group, metrics, committer } = setUp();
  committer.commit(0, 5);
  committer.commit(1, 2);
  committer.commit(0, 6);
  await settle();
  expect(group.commits).toEqual([{ 0: 6, 1: 2 }]);
  expect(committer.committedOffset(0)).toBe(6);
  expect(metrics.CommittedEventCount).toBe(8);
});

test('one request is in flight at a time; the next carries what was requested meanwhile', async () => {
  const { group, committer } = setUp();
  const response = Promise.withResolvers<void>();
  group.onCommit = () => response.promise;
  committer.commit(0, 1);
  await settle();
  committer.commit(0, 2);
  committer.commit(0, 3);
  await settle();
  expect(group.commits).toEqual([{ 0: 1 }]);
  response.resolve();
  await settle();
  expect(group.commits).toEqual([{ 0: 1 }, { 0: 3 }]);
});

test('an offset never moves backward', async () => {
  const { group, committer } = setUp({ 0: 5 });
  committer.commit(0, 4);
  committer.commit(0, 5);
  await settle();
  expect(group.commits).toEqual([]);
  committer.commit(0, 9);
  committer.commit(0, 7);
  await settle();
  committer.commit(0, 8);
  await settle();
  expect(group.commits).toEqual([{ 0: 9 }]);
});

test('a request that fails is sent again, with the highest offset that was requested meanwhile', async () => {
  const { group, metrics, committer } = setUp();
  group.onCommit = () => Promise.reject(brokerError('REQUEST_TIMED_OUT'));
  committer.commit(0, 3);
  committer.commit(1, 1);
  await settle();
  committer.commit(0, 4);
  group.onCommit = async () => {};
  await jest.advanceTimersByTimeAsync(199);
  expect(group.commits).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(group.commits).toEqual([
    { 0: 3, 1: 1 },
    { 0: 4, 1: 1 },
  ]);
  expect(metrics).toMatchObject({ CommitErrorCount: 1, CommittedEventCount: 5 });
});

test.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])(
  'a member that is no longer part of the group does not repeat its request: %s',
  async (type) => {
    const { group, committer } = setUp();
    group.onCommit = () => Promise.reject(brokerError(type));
    committer.commit(0, 3);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(group.commits).toHaveLength(1);
  },
);

test('flush resolves when everything is committed', async () => {
  const { group, committer } = setUp();
  committer.commit(0, 3);
  await committer.flush();
  expect(group.committed.get(0)).toBe(3);
});

test('flush resolves after the first request that fails', async () => {
  const { group, committer } = setUp();
  group.onCommit = () => Promise.reject(brokerError('REQUEST_TIMED_OUT'));
  committer.commit(0, 3);
  await committer.flush();
  expect(group.commits).toHaveLength(1);
});

test('after close what was requested during a request in flight is not sent', async () => {
  const { group, committer } = setUp();
  const response = Promise.withResolvers<void>();
  group.onCommit = () => response.promise;
  committer.commit(0, 1);
  await settle();
  committer.commit(0, 2);
  committer.close();
  response.resolve();
  await jest.advanceTimersByTimeAsync(60_000);
  expect(group.commits).toEqual([{ 0: 1 }]);
});

test('after close nothing is committed any more, not even what waits for a retry', async () => {
  const { group, committer } = setUp();
  group.onCommit = () => Promise.reject(brokerError('REQUEST_TIMED_OUT'));
  committer.commit(0, 3);
  await settle();
  committer.close();
  committer.commit(1, 3);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(group.commits).toEqual([{ 0: 3 }]);
});
