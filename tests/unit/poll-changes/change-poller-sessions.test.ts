import { decodePosition } from '../../../functions/core/change-position.ts';
import { type PollerRun, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

let simulation: PollerSimulation;
beforeEach(() => {
  simulation = new PollerSimulation();
});

const advance = (ms: number) => simulation.clock.advance(ms);

const logged = ({ logger }: PollerRun, expected: string) =>
  logger.entries.filter(({ message }) => message === expected).map(({ context }) => context);

/** Leaves a position in the stream of changes, and a free lease. */
async function leavePosition(): Promise<void> {
  simulation.startPoller({ lifeMs: 1_000 });
  await simulation.writeFor(1_500);
}

it.each([0, -1])('a poller that has %d ms left does nothing', async (lifeMs) => {
  const poller = simulation.startPoller({ lifeMs });
  await advance(100);
  expect(poller.outcome).toEqual({ outcome: 'time-limit', published: 0, lastReadMsAgo: null, isCaptureBroken: false });
  expect(poller.logger.entries).toEqual([]);
  expect(await simulation.ledger.read()).toBeNull();
});

it('each session logs the phase in which it starts', async () => {
  const first = simulation.startPoller({ lifeMs: 1_000 });
  await advance(2_000);
  const second = simulation.startPoller();
  await advance(1_000);
  expect(logged(first, 'polling started')).toEqual([{ phase: 'snapshot' }]);
  expect(logged(second, 'polling started')).toEqual([{ phase: 'stream' }]);
});

it('a restart of the source resumes from the saved position and loses nothing', async () => {
  const poller = simulation.startPoller();
  await simulation.writeFor(1_000);
  simulation.source.restart();
  await simulation.writeFor(1_000);
  await advance(500);
  const reason = 'the source database was restarted; polling resumes from the saved position';
  expect(logged(poller, 'polling failed and is retried')).toEqual([{ reason, retryMs: 100 }]);
  expect(logged(poller, 'polling started')).toEqual([{ phase: 'snapshot' }, { phase: 'stream' }]);
  simulation.expectNothingLost();
});

it('a source that is replaced by another server during an outage is refused', async () => {
  await leavePosition();
  const poller = simulation.startPoller();
  await simulation.writeFor(1_000);
  poller.source.failure = new Error('unreachable');
  await advance(500);
  const { saveNumber } = await simulation.savedPosition();
  const other = { systemIdentifier: 'other', saveNumber, epoch: 0n, serverStartedAt: 'once' };
  jest.spyOn(simulation.source, 'identify').mockResolvedValue(other);
  poller.source.failure = null;
  await advance(3_000);
  expect(poller.outcome).toMatchObject({ code: 'PIPE_SOURCE_REPLACED' });
});

it('a new session begins only after the save under way, which would otherwise overwrite its position', async () => {
  simulation.startPoller();
  await simulation.writeFor(1_000);
  const { source, ledger, clock } = simulation;
  const nextSaveNumber = source.nextSaveNumber.bind(source);
  jest.spyOn(source, 'nextSaveNumber').mockImplementation(async () => {
    await clock.sleep(2_500);
    return nextSaveNumber();
  });
  const renew = jest.spyOn(ledger, 'renew');
  await ledger.requestResnapshot('token');
  await simulation.writeFor(6_000);
  const epochs = renew.mock.calls.flatMap(([, { position } = {}]) =>
    position === undefined ? [] : [decodePosition(position).epoch],
  );
  expect(new Set(epochs).size).toBe(2);
  expect(epochs).toEqual(epochs.toSorted((a, b) => Number(a - b)));
});
