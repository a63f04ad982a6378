import { encodePosition } from '../../../functions/core/change-position.ts';
import { LATENCY_BOUNDARIES_MS } from '../../../functions/core/latency.ts';
import { createReaders } from '../../../functions/dashboard/readers.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { exampleState } from '../../support/dashboard/example-state.ts';
import { InMemoryPipelineHistory } from '../../support/in-memory-pipeline-history.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

const NOW = new Date('2026-11-26T08:00:07Z');
const NOW_SECOND = Math.floor(NOW.getTime() / 1_000);

/** @param elapsed how many milliseconds have passed since `NOW`. */
function createRig(elapsed = { ms: 0 }) {
  const topics = new InMemoryTopics();
  for (const topic of ['employee-changes', 'employee-salaries']) topics.createTopic(topic, 2);
  const history = new InMemoryPipelineHistory(() => NOW.getTime() + elapsed.ms);
  const { readings } = exampleState(NOW);
  const position = encodePosition({
    ...{ systemIdentifier: '7', saveNumber: 3n, epoch: 5n },
    progress: { phase: 'stream', since: '100:100:', page: null },
  });
  const asked: (string | null)[] = [];
  const readers = createReaders({
    ...{ topics, history, now: () => new Date(NOW.getTime() + elapsed.ms) },
    ledger: { read: async () => ({ owner: 'a', position }) as PollerLedgerEntry },
    conditions: { read: async () => [] },
    backlog: {
      read: async (since) => {
        asked.push(since);
        return { changes: 0, isMore: false, oldestAgeMs: null };
      },
    },
    salaries: { overview: async () => readings.salaries.value as never },
    deadLetters: { overview: async () => readings.deadLetters.value as never },
    verification: { read: async () => readings.agreement.value as never },
  });
  return { topics, history, readers, asked };
}

describe('the readers of the page', () => {
  it('count the records that each group has still to consume', async () => {
    const { topics, readers } = createRig();
    topics.write('employee-changes', 0, 10);
    topics.write('employee-changes', 1, 4);
    topics.deleteRecords('employee-changes', 1, 3n);
    topics.commitOffset('apply-changes', 'employee-changes', 0, 7n);
    const [changes, salaries] = await readers.groups();
    expect(changes?.partitions).toEqual([
      { partition: 0, end: 10n, next: 7n, lag: 3n },
      { partition: 1, end: 4n, next: 3n, lag: 1n },
    ]);
    expect(salaries?.partitions.map(({ lag }) => lag)).toEqual([0n, 0n]);
  });

  it('find out that a topic does not exist, and fail when Kafka does', async () => {
    const { topics, readers } = createRig();
    topics.deleteTopic('employee-changes');
    expect(await readers.groups()).toMatchObject([
      { topic: 'employee-changes', isMissing: true, partitions: [] },
      { topic: 'employee-salaries', partitions: [{}, {}] },
    ]);
    topics.describe = async () => Promise.reject(new Error('no broker'));
    await expect(readers.groups()).rejects.toThrow('no broker');
  });

  it('count nothing for a group that is beyond the end of a topic', async () => {
    const { topics, readers } = createRig();
    topics.write('employee-changes', 0, 2);
    topics.commitOffset('apply-changes', 'employee-changes', 0, 9n);
    expect((await readers.groups())[0]?.partitions[0]?.lag).toBe(0n);
  });

  it('look for what is not published since the position of the same moment', async () => {
    const { readers, asked } = createRig();
    await Promise.all([readers.poller(), readers.backlog()]);
    expect(asked).toEqual(['100:100:']);
  });

  it('have a step for each ten seconds of a quarter of an hour, also where nothing was applied', async () => {
    const { history, readers } = createRig();
    const latencyCounts = Array(LATENCY_BOUNDARIES_MS.length + 1).fill(0);
    latencyCounts[4] = 100;
    const tick = { functionName: 'apply-changes', writer: 1, batches: 1, records: 100, greatestMs: 71, latencyCounts };
    history.record([{ ...tick, second: NOW_SECOND - 62 }]);
    const latency = await readers.latency();
    expect(latency.steps).toHaveLength(91);
    expect(latency.steps.filter(({ p99Ms }) => p99Ms !== null).map(({ at }) => at)).toEqual([
      new Date('2026-11-26T07:59:00Z'),
    ]);
    expect(latency).toMatchObject({ greatestMs: 71, recentMs: 0, perSecond: 0 });
    expect(latency.p99Ms).toBeGreaterThan(50);
  });

  it('have the latency of the last ten seconds, and how many changes these brought', async () => {
    const { history, readers } = createRig();
    const counts = (index: number) =>
      Array.from({ length: LATENCY_BOUNDARIES_MS.length + 1 }, (_, at) => (at === index ? 50 : 0));
    const tick = { functionName: 'apply-changes', writer: 1, batches: 1, records: 50 };
    history.record([
      { ...tick, second: NOW_SECOND - 12, greatestMs: 900, latencyCounts: counts(8) },
      { ...tick, second: NOW_SECOND - 3, greatestMs: 9, latencyCounts: counts(0) },
      { ...tick, functionName: 'load-salaries', second: NOW_SECOND, greatestMs: 999, latencyCounts: counts(9) },
    ]);
    const { recentMs, p50Ms, p99Ms, greatestMs, perSecond } = await readers.latency();
    expect(perSecond).toBe(5);
    expect(greatestMs).toBe(900);
    expect(recentMs).toBeGreaterThan(0);
    expect(recentMs).toBeLessThan(p99Ms ?? 0);
    expect(p50Ms).toBeLessThan(p99Ms ?? 0);
  });

  it('read the window only once for each of its steps, and the last seconds each time', async () => {
    const elapsed = { ms: 0 };
    const { history, readers } = createRig(elapsed);
    await readers.latency();
    const latencyCounts = Array(LATENCY_BOUNDARIES_MS.length + 1).fill(1);
    const tick = { functionName: 'apply-changes', writer: 1, batches: 1, records: 50, greatestMs: 9, latencyCounts };
    history.record([{ ...tick, second: NOW_SECOND - 3 }]);
    elapsed.ms = 1_000;
    expect(await readers.latency()).toMatchObject({ greatestMs: null, perSecond: 5 });
    elapsed.ms = 10_000;
    expect(await readers.latency()).toMatchObject({ greatestMs: 9, perSecond: 0 });
  });

  it('have a window that begins and ends with a step', async () => {
    const latency = await createRig().readers.latency();
    const [from, until] = [new Date('2026-11-26T07:45:00Z'), new Date('2026-11-26T08:00:00Z')];
    expect(latency).toMatchObject({ from, until, p50Ms: null, p99Ms: null, greatestMs: null, recentMs: 0 });
    expect([latency.steps[0]?.at, latency.steps.at(-1)?.at]).toEqual([from, until]);
  });

  it('begin at the oldest record for a group that has committed nothing', async () => {
    const { topics, readers } = createRig();
    topics.write('employee-salaries', 0, 5);
    topics.deleteRecords('employee-salaries', 0, 2n);
    topics.write('employee-salaries', 1, 5);
    topics.commitOffset('load-salaries', 'employee-salaries', 1, 5n);
    const [, salaries] = await readers.groups();
    expect(salaries).toEqual({
      ...{ group: 'load-salaries', topic: 'employee-salaries' },
      partitions: [
        { partition: 0, end: 5n, next: 2n, lag: 3n },
        { partition: 1, end: 5n, next: 5n, lag: 0n },
      ],
    });
  });
});

test('each part is what its port reads', async () => {
  const { readings } = exampleState(NOW);
  const { readers } = createRig();
  expect(await readers.salaries()).toEqual(readings.salaries.value);
  expect(await readers.deadLetters()).toEqual(readings.deadLetters.value);
  expect(await readers.agreement()).toEqual(readings.agreement.value);
  expect(await readers.conditions()).toEqual([]);
  expect(await readers.poller()).toMatchObject({ phase: 'stream', since: '100:100:' });
});

test('a group that has committed less than what is left begins at the oldest record', async () => {
  const { topics, readers } = createRig();
  topics.write('employee-changes', 0, 10);
  topics.commitOffset('apply-changes', 'employee-changes', 0, 1n);
  topics.deleteRecords('employee-changes', 0, 6n);
  expect((await readers.groups())[0]?.partitions[0]).toEqual({ partition: 0, end: 10n, next: 6n, lag: 4n });
});
