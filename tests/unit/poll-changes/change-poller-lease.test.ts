import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { PARTITION_COUNT, type PollerRun, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

let simulation: PollerSimulation;
beforeEach(() => {
  simulation = new PollerSimulation();
});

const advance = (ms: number) => simulation.clock.advance(ms);

/** Milliseconds between the last read before the first one of the successor, and that one. */
function readGapMs(predecessor: PollerRun, successor: PollerRun): number {
  const [firstRead = Number.NaN] = successor.readsAtMs;
  return firstRead - Math.max(...predecessor.readsAtMs.filter((atMs) => atMs <= firstRead));
}

describe('a transfer of the lease', () => {
  it.each([
    ['idle', 0],
    ['under load', 10],
  ])('leaves no gap in the reads longer than the idle tick, %s', async (_, everyMs) => {
    const pass = (ms: number) => (everyMs === 0 ? advance(ms) : simulation.writeFor(ms, everyMs));
    const runs = [simulation.startPoller()];
    await pass(2_000);
    for (let round = 0; round < 3; round += 1) {
      runs.push(simulation.startPoller());
      await pass(3_000);
    }
    const transferred = expect.objectContaining({ outcome: 'lease-transferred' });
    expect(runs.map(({ outcome }) => outcome)).toEqual([transferred, transferred, transferred, undefined]);
    for (const [index, successor] of runs.slice(1).entries()) {
      expect(readGapMs(runs[index] as PollerRun, successor)).toBeLessThanOrEqual(POLLER_TIMING.idleTickMs);
    }
  });

  it('repeats no change, because the position is saved with it', async () => {
    simulation.startPoller();
    await simulation.writeFor(2_000, 10);
    simulation.startPoller();
    await simulation.writeFor(3_000, 10);
    await advance(500);
    simulation.expectNothingLost();
    expect(simulation.repeatedCount).toBe(0);
  });

  it('is reported with the time since the source was last read', async () => {
    const first = simulation.startPoller();
    await advance(1_000);
    simulation.startPoller();
    await advance(2_000);
    const { lastReadMsAgo } = await first.done;
    expect(lastReadMsAgo).toBeGreaterThan(0);
    expect(lastReadMsAgo).toBeLessThanOrEqual(POLLER_TIMING.idleTickMs);
  });

  it('is replaced by a release at the end of the invocation when there is no successor', async () => {
    const first = simulation.startPoller({ lifeMs: 10_000 });
    await simulation.writeFor(11_000);
    expect(first.outcome).toMatchObject({ outcome: 'time-limit' });
    expect(await simulation.ledger.read()).toMatchObject({ owner: null });
    simulation.startPoller();
    await simulation.writeFor(1_000);
    await advance(500);
    simulation.expectNothingLost();
    expect(simulation.repeatedCount).toBe(0);
  });
});

describe('a poller that is killed', () => {
  it.each([100, 333, 777, 1_001, 1_250, 1_499])(
    'after %i ms, between acknowledgement and save, loses nothing',
    async (afterMs) => {
      const first = simulation.startPoller();
      await simulation.writeFor(afterMs, 7);
      first.kill();
      await simulation.writeFor(500, 7);
      simulation.startPoller();
      await advance(8_000);
      simulation.expectNothingLost();
    },
  );

  it('in the middle of a snapshot leaves the rest of it to its successor', async () => {
    simulation = new PollerSimulation(5);
    for (let empId = 1; empId <= 200; empId += 1) simulation.write(empId, empId);
    const first = simulation.startPoller();
    await advance(100);
    first.kill();
    const published = new Set(simulation.topic.map(({ key }) => key));
    expect(published.size).toBeGreaterThan(10);
    expect(published.size).toBeLessThan(200);
    simulation.startPoller();
    await advance(10_000);
    const rows = simulation.topic.filter(({ message }) => message.action === 'SNAPSHOT');
    expect(new Set(rows.map(({ key }) => key)).size).toBe(200);
    expect(rows.length).toBeLessThan(400);
    expect(new Set(simulation.topic.map(({ message }) => message.epoch)).size).toBe(1);
  });
});

describe('a poller that has lost the lease', () => {
  it('while it was frozen publishes nothing when it wakes up, and does not save its position', async () => {
    const frozen = simulation.startPoller();
    await simulation.writeFor(1_000);
    simulation.clock.freeze(7_000);
    const token = await simulation.takeLeaseAway();
    await simulation.ledger.renew(token, { position: 'position of another' });
    const recordCount = simulation.topic.length;
    simulation.write(1, 1);
    await advance(1_000);
    expect(frozen.outcome).toMatchObject({ outcome: 'lease-lost' });
    expect(simulation.topic.slice(recordCount)).toEqual([]);
    expect(await simulation.ledger.read()).toMatchObject({
      owner: 'another poller',
      position: 'position of another',
    });
  });

  it('ends at its next heartbeat when there are no changes', async () => {
    const first = simulation.startPoller();
    await advance(1_000);
    await simulation.takeLeaseAway();
    await advance(1_500);
    expect(first.outcome).toMatchObject({ outcome: 'lease-lost' });
  });

  it('because the entry of the ledger was deleted acquires it again, and begins a snapshot', async () => {
    const poller = simulation.startPoller();
    await simulation.writeFor(1_000);
    simulation.ledger.delete();
    await simulation.writeFor(3_000);
    await advance(500);
    expect(poller.outcome).toBeUndefined();
    const ends = simulation.topic.filter(({ message }) => message.action === 'SNAPSHOT_END');
    expect(ends).toHaveLength(2 * PARTITION_COUNT);
    simulation.expectNothingLost();
  });
});

it('a poller that does not get the lease ends without publishing', async () => {
  simulation.startPoller();
  await advance(1_000);
  const early = simulation.startPoller();
  await advance(50);
  const late = simulation.startPoller();
  await advance(3_000);
  expect(early.outcome).toEqual({
    outcome: 'lease-not-acquired',
    published: 0,
    lastReadMsAgo: null,
    isCaptureBroken: false,
  });
  expect(late.outcome).toBeUndefined();
});

it('a poller that cannot find out whether the lease is free ends', async () => {
  const poller = simulation.startPoller();
  await simulation.writeFor(1_000);
  const readEntry = jest.spyOn(simulation.ledger, 'read').mockRejectedValue(new Error('unreachable'));
  simulation.ledger.delete();
  await simulation.writeFor(2_000);
  expect(poller.outcome).toMatchObject({ outcome: 'lease-lost' });
  readEntry.mockRestore();
});
