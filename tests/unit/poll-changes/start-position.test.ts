import { encodePosition, type Progress } from '../../../functions/core/change-position.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import { loadStartPosition } from '../../../functions/poll-changes/start-position.ts';
import type { SourceIdentity } from '../../../functions/ports/change-source.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20 };
const STREAM: Progress = { phase: 'stream', since: '1:1:', page: null };
const PAGE: Progress = {
  ...STREAM,
  page: { until: '2:2:', afterChangeId: '1', lastChangeId: '9' },
};
const SNAPSHOT: Progress = { phase: 'snapshot', since: '1:1:', afterEmpId: 3 };
/** The source as it was before the lease was acquired. Its save number is out of date. */
const KNOWN: SourceIdentity = { systemIdentifier: 'in-memory', saveNumber: -1n, serverStartedAt: 'known' };

interface SavedState {
  readonly progress?: Progress;
  readonly systemIdentifier?: string;
  readonly saveNumber?: bigint;
  readonly isResnapshotRequested?: boolean;
}

/** A lease whose ledger has a position, if there is a progress, and perhaps a request for a snapshot. */
async function createLease({
  progress,
  systemIdentifier = 'in-memory',
  saveNumber = 0n,
  isResnapshotRequested = false,
}: SavedState) {
  const clock = new FakeClock();
  const ledger = new InMemoryPollerLedger();
  await ledger.tryAcquire(null, 'predecessor');
  const position = progress && encodePosition({ systemIdentifier, saveNumber, epoch: 5n, progress });
  await ledger.release(1, null, position);
  if (isResnapshotRequested) await ledger.requestResnapshot('token');
  const lease = new Lease(ledger, clock, { owner: 'a', timing: TIMING });
  const acquired = lease.acquire(10_000);
  await clock.advance(TIMING.pollIntervalMs);
  await acquired;
  return { lease, ledger };
}

async function load(state: SavedState, knownIdentity: SourceIdentity | null = KNOWN, isSnapshotNeeded = false) {
  const { lease, ledger } = await createLease(state);
  const source = new InMemoryChangeSource(10);
  const identify = jest.spyOn(source, 'identify');
  const logger = new RecordingLogger();
  const start = await loadStartPosition(source, lease, logger, { knownIdentity, isSnapshotNeeded });
  return { ...start, identifyCount: identify.mock.calls.length, ledger, logger };
}

it('is the saved position', async () => {
  expect(await load({ progress: SNAPSHOT })).toMatchObject({
    position: { epoch: 5n, progress: SNAPSHOT },
    serverStartedAt: 'once',
  });
});

it('needs no query of the source in the streaming phase when its identity is known', async () => {
  const { position, serverStartedAt, identifyCount } = await load({ progress: STREAM });
  expect({ progress: position.progress, serverStartedAt, identifyCount }).toEqual({
    ...{ progress: STREAM, serverStartedAt: 'known', identifyCount: 0 },
  });
});

it.each<[string, Progress, SourceIdentity | null]>([
  ['when the identity is unknown', STREAM, null],
  ['within the pages of a difference', PAGE, KNOWN],
  ['within a snapshot', SNAPSHOT, KNOWN],
])('queries the source %s', async (_, progress, known) => {
  expect(await load({ progress }, known)).toMatchObject({ serverStartedAt: 'once', identifyCount: 1 });
});

it('checks the known identity', async () => {
  await expect(load({ progress: STREAM, systemIdentifier: 'other' })).rejects.toMatchObject({
    code: 'PIPE_SOURCE_REPLACED',
  });
});

it('checks the save number when it queries the source', async () => {
  await expect(load({ progress: PAGE, saveNumber: 7n })).rejects.toMatchObject({ code: 'PIPE_SOURCE_RESTORED' });
});

it('checks the source before a snapshot that replaces missing changes', async () => {
  await expect(load({ progress: STREAM, systemIdentifier: 'other' }, KNOWN, true)).rejects.toMatchObject({
    code: 'PIPE_SOURCE_REPLACED',
  });
});

it.each<[string, SavedState, boolean]>([
  ['when none is saved', {}, false],
  ['when one is requested', { progress: STREAM, isResnapshotRequested: true }, false],
  ['when changes are missing', { progress: STREAM }, true],
])('is that of a new snapshot %s, which is saved and logged', async (_, state, isSnapshotNeeded) => {
  const { position, ledger, logger } = await load(state, KNOWN, isSnapshotNeeded);
  expect(position.progress).toMatchObject({ phase: 'snapshot', afterEmpId: null });
  expect(position.epoch).toBeGreaterThan(state.progress === undefined ? 0n : 5n);
  expect(await ledger.read()).toMatchObject({ position: encodePosition(position), resnapshotToken: null });
  expect(logger.entries).toEqual([
    { level: 'info', message: 'snapshot started', context: { epoch: String(position.epoch) } },
  ]);
});
