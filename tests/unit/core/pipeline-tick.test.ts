import { type PipelineTick, TickRecorder } from '../../../functions/core/pipeline-tick.ts';

const START_MS = 1_800_000_000_000;
const START = START_MS / 1_000;

/** A recorder whose time the test sets, and the history that it writes. */
class Rig {
  ms = 0;
  readonly history = new Map<number, PipelineTick>();
  readonly recorder = new TickRecorder({ functionName: 'apply-changes', writer: 7, nowMs: () => START_MS + this.ms });

  /** A batch of records that came into being when it begins, and that is committed after `tookMs`. */
  batch({ at, records = 1, tookMs = 4 }: { at: number; records?: number; tookMs?: number }) {
    this.ms = at;
    const { due, committed } = this.recorder.begin(Array<number>(records).fill(START_MS + at), records);
    for (const tick of due) this.history.set(tick.second - START, tick);
    this.ms += tookMs;
    return { due, latency: committed() };
  }

  get records() {
    return [...this.history].map(([second, { records }]) => [second, records]);
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

test('a single batch is written at once, measured until it begins', () => {
  const { due, latency } = rig.batch({ at: 0, tookMs: 30 });
  expect(due).toEqual([
    {
      ...{ functionName: 'apply-changes', writer: 7, second: START, batches: 1, records: 1, greatestMs: 0 },
      latencyCounts: [1, ...Array(14).fill(0)],
    },
  ]);
  expect(latency).toEqual({ p50Ms: 30, p99Ms: 30, greatestMs: 30 });
});

test('the next write corrects it to its commit', () => {
  rig.batch({ at: 0, tookMs: 30 });
  rig.batch({ at: 1_500 });
  const [first] = [...rig.history.values()];
  expect(first).toMatchObject({
    second: START,
    records: 1,
    greatestMs: 30,
    latencyCounts: [0, 0, 0, 1, ...Array(11).fill(0)],
  });
});

test('batches of one second are written together, once a second', () => {
  const writes = [0, 100, 200, 999, 1_000, 1_100, 2_050].map((at) => rig.batch({ at }).due.length);
  expect(writes).toEqual([1, 0, 0, 0, 2, 0, 2]);
  expect(rig.records).toEqual([
    [0, 4],
    [1, 2],
    [2, 1],
  ]);
});

test('many records are written earlier, so that the end of a burst is not missing', () => {
  const writes = [0, 100, 200, 300].map((at) => rig.batch({ at, records: 999 }).due.length);
  expect(writes).toEqual([1, 0, 0, 1]);
  expect(rig.records).toEqual([[0, 4 * 999]]);
});

test('the second has the latencies of all its batches', () => {
  rig.batch({ at: 0, records: 2 });
  rig.batch({ at: 400, records: 3, tookMs: 30 });
  rig.batch({ at: 1_500 });
  const [first] = [...rig.history.values()];
  expect(first).toMatchObject({ records: 5, greatestMs: 30 });
  expect(first?.latencyCounts.filter((count) => count > 0)).toEqual([2, 3]);
});

test('1,000 records that are not written make the next batch due', () => {
  const writes = [0, 100, 200, 300].map((at) => rig.batch({ at, records: 500 }).due.length);
  expect(writes).toEqual([1, 0, 0, 1]);
});

test('a batch that fails is written by its retry, and counts once', () => {
  rig.batch({ at: 0 });
  rig.batch({ at: 500 });
  rig.ms = 1_200;
  expect(rig.recorder.begin([], 50).due).toHaveLength(2);
  rig.batch({ at: 1_900, records: 50 });
  expect(rig.records).toEqual([
    [0, 2],
    [1, 50],
  ]);
});

test('records without a known origin count, and have no latency', () => {
  rig.ms = 0;
  const { due, committed } = rig.recorder.begin([], 3);
  expect(due).toMatchObject([{ records: 3, greatestMs: null }]);
  expect(committed()).toBeUndefined();
});

test('a batch without records is no batch', () => {
  expect(rig.batch({ at: 0, records: 0 })).toEqual({ due: [], latency: undefined });
});

test('a second of half an hour ago is not written again, because it may be added up to its minute by then', () => {
  rig.batch({ at: 0 });
  rig.batch({ at: 100 });
  const { due } = rig.batch({ at: 1_800_000 });
  expect(due.map(({ second }) => second)).toEqual([START + 1_800]);
});

test('a clock that is set back does not stop the writes', () => {
  rig.batch({ at: 3_600_000 });
  const { due } = rig.batch({ at: 0 });
  expect(due.map(({ second }) => second)).toEqual([START]);
});
