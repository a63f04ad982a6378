import { readFilter } from '../../../../localstack/event-sources/filter/filter-criteria.ts';
import { fetched, joined, settle, success, threw, usePipelines } from './pipeline-rig.ts';

usePipelines();

/** Whether the promise has settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  promise.then(() => {
    settled = true;
  });
  await settle();
  return settled;
}

describe('Before the group is joined again', () => {
  test('[inferred] batches in flight end and their offsets are committed, with heartbeats meanwhile', async () => {
    const { pipeline, group, invocations } = await joined();
    pipeline.recordsFetched(fetched(0, 1), 0);
    await settle();
    const left = pipeline.beforeJoin(group);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await isSettled(left)).toBe(false);
    expect(group.heartbeats).toBeGreaterThanOrEqual(3);
    await invocations[0]?.end(success);
    expect(await isSettled(left)).toBe(true);
    expect(group.commits).toEqual([{ 0: 2 }]);
  });

  test('[inferred] a batch that waits for its next attempt is given back at once', async () => {
    const { pipeline, group, invocations, restarts } = await joined();
    pipeline.recordsFetched(fetched(0, 1), 0);
    await settle();
    await invocations[0]?.end(threw);
    expect(await isSettled(pipeline.beforeJoin(group))).toBe(true);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(invocations).toHaveLength(1);
    expect(group.commits).toEqual([]);
    expect(restarts).toEqual([]);
  });

  test('[documented] a commit in flight is waited for', async () => {
    const { pipeline, group, invocations } = await joined();
    const response = Promise.withResolvers<void>();
    group.onCommit = () => response.promise;
    pipeline.recordsFetched(fetched(0), 0);
    await settle();
    await invocations[0]?.end(success);
    const left = pipeline.beforeJoin(group);
    expect(await isSettled(left)).toBe(false);
    response.resolve();
    expect(await isSettled(left)).toBe(true);
    expect(group.committed.get(0)).toBe(1);
  });

  test('[inferred] queued records are given back', async () => {
    const { pipeline, group, invocations } = await joined({ batchSize: 1 });
    pipeline.recordsFetched(fetched(0, 1), 0);
    await settle();
    const left = pipeline.beforeJoin(group);
    await invocations[0]?.end(success);
    await left;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(invocations.map(({ offsets }) => offsets)).toEqual([[0]]);
    expect(group.commits).toEqual([{ 0: 1 }]);
  });

  test('[inferred] while the source stops, a batch that ends after the join commits nothing', async () => {
    const { pipeline, group, invocations } = await joined();
    pipeline.recordsFetched(fetched(0), 0);
    await settle();
    const stopped = pipeline.stop(1_000);
    await pipeline.beforeJoin(group);
    await pipeline.afterJoin(group);
    await invocations[0]?.end(success);
    await stopped;
    expect(group.committed.get(0)).toBe(0);
  });
});

test('[documented] fetched records of an assignment that has ended are ignored', async () => {
  const { pipeline, group, invocations } = await joined();
  await pipeline.beforeJoin(group);
  pipeline.recordsFetched(fetched(0), 0);
  pipeline.recordsSkipped(0, 0, 5);
  await settle();
  expect(invocations).toEqual([]);
  expect(group.commits).toEqual([]);
});

test('[inferred] a fetch that does not continue where the last one ended restarts the consumer', async () => {
  const { pipeline, invocations, restarts } = await joined();
  pipeline.recordsFetched(fetched(3), 2);
  pipeline.recordsSkipped(0, 2, 5);
  await settle();
  expect(restarts).toEqual([
    expect.objectContaining({ message: 'expected a fetch of partition 0 at 0, got 2' }),
    expect.anything(),
  ]);
  expect(invocations).toEqual([]);
});

test('[known] a gap of compacted records is no reason to restart', async () => {
  const { pipeline, invocations, restarts } = await joined();
  pipeline.recordsFetched(fetched(3, 7), 0);
  pipeline.recordsFetched(fetched(9), 8);
  await settle();
  expect(restarts).toEqual([]);
  expect(invocations[0]?.offsets).toEqual([3, 7, 9]);
});

test('[inferred] where everything is filtered out or skipped, the progress is committed without an invocation', async () => {
  const filters = [readFilter('{"value":{"n":[{"numeric":[">",5]}]}}')];
  const { pipeline, group, invocations, metrics } = await joined({ filterCriteria: { filters } });
  pipeline.recordsFetched(fetched(0, 1), 0);
  await settle();
  pipeline.recordsSkipped(0, 2, 4);
  await settle();
  expect(group.commits).toEqual([{ 0: 2 }, { 0: 4 }]);
  pipeline.recordsFetched(fetched(4, 6), 4);
  pipeline.recordsFetched(fetched(7), 7);
  await settle();
  expect(invocations.map(({ offsets }) => offsets)).toEqual([[6, 7]]);
  expect(metrics).toMatchObject({ PolledEventCount: 5, FilteredOutEventCount: 3 });
});

test('[goal] fetching pauses while the queue is full, and resumes when a batch was taken', async () => {
  const { pipeline, invocations, flow } = await joined({ batchSize: 300 });
  pipeline.recordsFetched(fetched(...Array.from({ length: 800 }, (_, offset) => offset)), 0);
  expect(flow).toEqual(['pause']);
  await settle();
  expect(invocations[0]?.offsets).toHaveLength(300);
  expect(flow).toEqual(['pause', 'resume']);
});

test('[inferred] a delivery that fails without an outcome restarts the consumer', async () => {
  const { pipeline, invocations, restarts } = await joined();
  pipeline.recordsFetched(fetched(0), 0);
  await settle();
  const error = new Error('unexpected');
  await invocations[0]?.end(error);
  expect(restarts).toEqual([error]);
});

test('[documented] the lag counts from the committed offset', async () => {
  const { pipeline, group, metrics, invocations } = await joined();
  pipeline.updateMetrics();
  expect(metrics.OffsetLag).toBe(0);
  pipeline.recordsFetched(fetched(0, 1), 0);
  await settle();
  pipeline.updateMetrics();
  expect(metrics).toMatchObject({ OffsetLag: 100, SumOffsetLag: 100, MaxOffsetLag: 100 });
  await invocations[0]?.end(success);
  pipeline.updateMetrics();
  expect(metrics).toMatchObject({ OffsetLag: 98, SumOffsetLag: 98, MaxOffsetLag: 98 });
  await pipeline.beforeJoin(group);
  pipeline.updateMetrics();
  expect(metrics.OffsetLag).toBe(0);
});

test('stop waits for the batches in flight and their commits', async () => {
  const { pipeline, group, invocations } = await joined();
  const response = Promise.withResolvers<void>();
  group.onCommit = () => response.promise;
  pipeline.recordsFetched(fetched(0), 0);
  await settle();
  const stopped = pipeline.stop(5_000);
  await jest.advanceTimersByTimeAsync(4_000);
  expect(await isSettled(stopped)).toBe(false);
  await invocations[0]?.end(success);
  expect(await isSettled(stopped)).toBe(false);
  response.resolve();
  expect(await isSettled(stopped)).toBe(true);
  expect(group.committed.get(0)).toBe(1);
});

test('stop ends after its grace time even if an invocation hangs', async () => {
  const { pipeline, group } = await joined();
  pipeline.recordsFetched(fetched(0), 0);
  await settle();
  const stopped = pipeline.stop(5_000);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(await isSettled(stopped)).toBe(true);
  expect(group.commits).toEqual([]);
});

test('a new member removes the stale member of an earlier process', async () => {
  const { pipeline, group } = await joined();
  group.memberId = null;
  await pipeline.beforeJoin(group);
  expect(group.left).toEqual(['member-1']);
});
