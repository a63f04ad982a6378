import { encodePosition, type Position } from '../../../functions/core/change-position.ts';
import { type PollerRun, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

let simulation: PollerSimulation;
beforeEach(() => {
  simulation = new PollerSimulation();
});

const advance = (ms: number) => simulation.clock.advance(ms);

/** The waits before each retry, as logged. */
const retriesMs = ({ logger }: PollerRun) =>
  logger.entries
    .filter(({ message }) => message === 'polling failed and is retried')
    .map(({ context }) => context['retryMs']);

describe('an outage', () => {
  it.each(['source', 'broker', 'ledger'] as const)('of the %s for ten seconds loses nothing', async (which) => {
    const poller = simulation.startPoller();
    await simulation.writeFor(1_000);
    poller[which].failure = new Error('unreachable');
    await simulation.writeFor(10_000);
    poller[which].failure = null;
    await simulation.writeFor(1_000);
    await advance(3_000);
    simulation.expectNothingLost();
    expect(poller.outcome).toBeUndefined();
    expect(poller.logger.entries).toContainEqual({
      level: 'warn',
      message: 'polling failed and is retried',
      context: { reason: 'unreachable', retryMs: 100 },
    });
  });

  it('until the end of the invocation fails it with the error', async () => {
    const poller = simulation.startPoller({ lifeMs: 20_000 });
    poller.source.failure = new Error('unreachable');
    await advance(25_000);
    expect(poller.outcome).toMatchObject({ message: 'unreachable' });
  });

  it('of the ledger at the end of the invocation leaves the lease to expire', async () => {
    const poller = simulation.startPoller({ lifeMs: 5_000 });
    await simulation.writeFor(4_000);
    poller.ledger.failure = new Error('unreachable');
    await simulation.writeFor(4_000);
    expect(poller.outcome).toMatchObject({ message: 'unreachable' });
    expect(poller.logger.entries).toContainEqual({
      level: 'warn',
      message: 'the lease could not be released; it will expire',
      context: { reason: 'unreachable' },
    });
    expect((await simulation.ledger.read())?.owner).not.toBeNull();
  });

  it('is retried at growing intervals, and at short ones again after polling has recovered', async () => {
    const poller = simulation.startPoller();
    await simulation.writeFor(1_000);
    poller.source.failure = new Error('unreachable');
    await advance(10_000);
    expect(retriesMs(poller)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000]);
    poller.source.failure = null;
    await simulation.writeFor(5_000);
    poller.source.failure = new Error('unreachable');
    await advance(1_000);
    expect(retriesMs(poller).slice(9)).toEqual([100, 200, 400, 800]);
  });
});

describe('a saved position', () => {
  /** Leaves a position from an earlier poller, and a free lease. */
  async function savePosition(change: (position: Position) => string): Promise<void> {
    simulation.startPoller({ lifeMs: 3_000 });
    await simulation.writeFor(5_000);
    const text = change(await simulation.savedPosition());
    await simulation.ledger.release(await simulation.takeLeaseAway(), null, text);
  }

  const ofAnotherServer = (position: Position) => encodePosition({ ...position, systemIdentifier: 'other' });

  it.each<[string, (position: Position) => string, string]>([
    ['of another server', ofAnotherServer, 'PIPE_SOURCE_REPLACED'],
    [
      'with more saves than the source has recorded',
      (position) => encodePosition({ ...position, saveNumber: 1_000_000n }),
      'PIPE_SOURCE_RESTORED',
    ],
    ['in an unknown format', () => '{}', 'PIPE_POSITION_UNREADABLE'],
  ])('%s fails the invocation at once, and the lease is free again', async (_, change, code) => {
    await savePosition(change);
    const recordCount = simulation.topic.length;
    const poller = simulation.startPoller();
    await advance(1_000);
    expect(poller.outcome).toMatchObject({ code, message: expect.stringContaining('npm run resnapshot') });
    expect(await simulation.ledger.read()).toMatchObject({ owner: null });
    expect(simulation.topic).toHaveLength(recordCount);
  });

  it.each<[string, (position: Position) => string]>([
    ['of another server', ofAnotherServer],
    ['in an unknown format', () => '{}'],
  ])('%s is replaced when a snapshot is requested, with a greater epoch', async (_, change) => {
    await savePosition(change);
    await simulation.ledger.requestResnapshot('token');
    simulation.startPoller();
    await advance(2_000);
    const epochs = simulation.topic.map(({ message }) => BigInt(message.epoch));
    expect(epochs.at(-1)).toBeGreaterThan(epochs[0] ?? 0n);
    expect(await simulation.ledger.read()).toMatchObject({ resnapshotToken: null });
    expect((await simulation.savedPosition()).systemIdentifier).toBe('in-memory');
  });
});

describe('changes that are missing', () => {
  it('are replaced by a new snapshot of a greater epoch when the ids run backwards, and later changes follow', async () => {
    const poller = simulation.startPoller();
    await simulation.writeFor(1_000);
    const { epoch } = await simulation.savedPosition();
    simulation.source.restartChangeIds(1n);
    simulation.write(3, 777);
    await advance(1_000);
    simulation.write(4, 888);
    await advance(1_000);
    const after = await simulation.savedPosition();
    expect(after.epoch).toBeGreaterThan(epoch);
    expect(after.progress).toMatchObject({ phase: 'stream', greatestChangeId: '2' });
    const newest = simulation.topic.filter(({ message }) => message.epoch === String(after.epoch));
    expect(newest.filter(({ key }) => key === '3').map(({ message }) => message.action)).toEqual(['SNAPSHOT']);
    expect(newest.findLast(({ key }) => key === '4')?.message).toMatchObject({ action: 'UPDATE', changeId: '2' });
    expect(poller.logger.entries).toContainEqual({
      level: 'warn',
      message: 'changes are missing; a new snapshot replaces them',
      context: { reason: expect.stringContaining('the sequence of emp_cdc.cdc_id was set back') },
    });
    expect(poller.outcome).toBeUndefined();
  });
});
