import type { CaptureFault } from '../../../functions/core/capture-state.ts';
import { type PollerRun, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

/** Longer than the interval of the looks. */
const NOTICED_MS = 6_000;
const LOSSY: CaptureFault = { message: 'expected a trigger, found none; mend it', losesChanges: true };
const WIDE: CaptureFault = { message: 'expected a narrow column, found a wide one', losesChanges: false };

let simulation: PollerSimulation;
let poller: PollerRun;

/** A poller that has published its first snapshot and some changes. */
beforeEach(async () => {
  simulation = new PollerSimulation();
  poller = simulation.startPoller();
  await simulation.clock.advance(500);
  await simulation.writeFor(1_000);
});

const advance = (ms: number) => simulation.clock.advance(ms);
const epochs = () => new Set(simulation.topic.map(({ message }) => message.epoch)).size;
const conditions = () => simulation.conditions.conditions.map(({ id, code, message }) => ({ id, code, message }));
const alter = (mark: string) => {
  simulation.source.captureMarks = { ...simulation.source.captureMarks, [mark]: 'another' };
};

it('saves with the position what captures the changes, and asks for no snapshot while that stays', async () => {
  const { capture } = await simulation.savedPosition();
  expect(capture).toEqual({ marks: simulation.source.captureMarks, since: expect.stringMatching(/^\d+:\d+:/) });
  await advance(60_000);
  expect([epochs(), conditions(), poller.outcome]).toEqual([1, [], undefined]);
});

it.each(['table', 'columns', 'triggers', 'functions', 'changes'])(
  'begins one snapshot by itself after another mark: %s',
  async (mark) => {
    alter(mark);
    await advance(NOTICED_MS);
    expect((await simulation.savedPosition()).snapshotReason).toMatchObject({ code: 'PIPE_CAPTURE_GAP' });
    await advance(30_000);
    expect(epochs()).toBe(2);
  },
);

it('begins none after another type alone, or another file alone, but after both', async () => {
  alter('file');
  await advance(NOTICED_MS);
  simulation.source.captureMarks = { ...simulation.source.captureMarks, file: '1' };
  alter('types');
  await advance(NOTICED_MS);
  expect(epochs()).toBe(1);
  alter('file');
  await advance(NOTICED_MS);
  expect(epochs()).toBe(2);
});

it('begins one snapshot for all gaps that the source has noted before it', async () => {
  simulation.source.noteGap('emp_cdc refuses a change');
  simulation.source.noteGap('emp_cdc refuses another change');
  await advance(NOTICED_MS);
  expect((await simulation.savedPosition()).snapshotReason?.message).toContain('emp_cdc refuses another change');
  await advance(30_000);
  expect(epochs()).toBe(2);
});

it('notices what has changed while no poller was running', async () => {
  await advance(120_000);
  expect(poller.outcome).toMatchObject({ outcome: 'time-limit' });
  alter('triggers');
  simulation.startPoller();
  await advance(1_000);
  expect(epochs()).toBe(2);
});

it('reports what is wrong until it is mended, and only then begins a snapshot', async () => {
  simulation.source.captureFaults = [LOSSY, WIDE];
  alter('triggers');
  await advance(NOTICED_MS);
  const message = `${LOSSY.message}. ${WIDE.message}`;
  expect(conditions()).toEqual([{ id: 'poll-changes/capture', code: 'PIPE_CAPTURE_BROKEN', message }]);
  await advance(30_000);
  expect([epochs(), conditions().length]).toEqual([1, 1]);
  expect(poller.logger.entries.filter((entry) => entry.message === message)).toHaveLength(1);
  simulation.write(3, 777);
  await advance(500);
  expect(simulation.topic.at(-1)?.key).toBe('3');
  simulation.source.captureFaults = [];
  await advance(NOTICED_MS);
  expect([epochs(), conditions()]).toEqual([2, []]);
});

it('reports a column whose values the target may not hold, and begins a snapshot all the same', async () => {
  simulation.source.captureFaults = [WIDE];
  alter('table');
  await advance(NOTICED_MS);
  expect(conditions()).toMatchObject([{ code: 'PIPE_CAPTURE_COLUMNS', message: WIDE.message }]);
  expect(epochs()).toBe(2);
});

it('lets a requested snapshot wait until the changes after it are captured', async () => {
  simulation.source.captureFaults = [LOSSY];
  await simulation.ledger.requestResnapshot('token');
  await advance(10_000);
  expect(epochs()).toBe(1);
  expect(conditions()).toContainEqual({
    id: 'poll-changes',
    code: 'PIPE_CAPTURE_BROKEN',
    message: `a snapshot waits until the changes after it are captured: ${LOSSY.message}`,
  });
  simulation.source.captureFaults = [];
  await advance(NOTICED_MS);
  expect([epochs(), conditions()]).toEqual([2, []]);
});

it('looks also when the source cannot be read', async () => {
  jest.spyOn(simulation.source, 'readDifference').mockRejectedValue(new Error('no such table'));
  simulation.source.captureFaults = [LOSSY];
  await advance(NOTICED_MS);
  expect(conditions()).toContainEqual(expect.objectContaining({ id: 'poll-changes/capture', message: LOSSY.message }));
});

it('goes on when a look fails', async () => {
  const look = jest.spyOn(simulation.source, 'inspectCapture').mockRejectedValueOnce(new Error('timeout'));
  await advance(NOTICED_MS);
  expect(poller.logger.entries).toContainEqual({
    level: 'warn',
    message: 'the capture could not be looked at',
    context: { reason: 'timeout' },
  });
  look.mockRestore();
  simulation.source.captureFaults = [LOSSY];
  await advance(NOTICED_MS);
  expect(conditions()).toHaveLength(1);
  expect(poller.outcome).toBeUndefined();
});

it('tells with the result of the invocation whether changes were not captured', async () => {
  simulation.source.captureFaults = [LOSSY];
  await advance(NOTICED_MS);
  simulation.source.captureFaults = [];
  await advance(NOTICED_MS);
  await advance(120_000);
  expect(poller.outcome).toMatchObject({ isCaptureBroken: true });
});

it('finishes a snapshot that is running before it begins another', async () => {
  simulation = new PollerSimulation(1);
  for (let empId = 0; empId < 3_000; empId += 1) simulation.write(empId, 1);
  simulation.startPoller();
  await advance(100);
  alter('triggers');
  await advance(30_000);
  const ends = simulation.topic.filter(({ message }) => message.action === 'SNAPSHOT_END');
  expect(new Set(ends.map(({ message }) => message.epoch)).size).toBe(2);
  expect((await simulation.savedPosition()).snapshotReason).toMatchObject({ code: 'PIPE_CAPTURE_GAP' });
});
