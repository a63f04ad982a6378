import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { PARTITION_COUNT, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

let simulation: PollerSimulation;
beforeEach(() => {
  simulation = new PollerSimulation();
});

const advance = (ms: number) => simulation.clock.advance(ms);

describe('publishing', () => {
  it('publishes the snapshot, its end in every partition, and then each change once', async () => {
    simulation.write(1, 10);
    simulation.write(2, 20);
    simulation.startPoller();
    await advance(500);
    await simulation.writeFor(1_000);
    await advance(500);
    const records = simulation.topic.map(({ key, message }) => [key, message.action, message.changeId]);
    expect(records.slice(0, 4)).toEqual([
      ['1', 'SNAPSHOT', '1'],
      ['2', 'SNAPSHOT', '2'],
      ...Array.from({ length: PARTITION_COUNT }, () => [null, 'SNAPSHOT_END', '0']),
    ]);
    expect(records.slice(4).map(([, , changeId]) => changeId)).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index + 3)),
    );
  });

  it('publishes other changes while a transaction stays open, and its changes after its commit', async () => {
    simulation.startPoller();
    await advance(500);
    const open = simulation.writeUncommitted(100, 1);
    await simulation.writeFor(30_000, 100);
    await advance(200);
    expect(simulation.lostChangeIds).toEqual([1]);
    simulation.source.commit(open);
    await advance(200);
    expect(simulation.topic.at(-1)).toMatchObject({ key: '100', message: { changeId: '1' } });
    simulation.expectNothingLost();
    expect(simulation.repeatedCount).toBe(0);
  });

  it('publishes page by page when one read cannot return all changes', async () => {
    simulation = new PollerSimulation(3);
    simulation.startPoller();
    await advance(500);
    const first = simulation.writeUncommitted(1, 1);
    for (let empId = 2; empId <= 20; empId += 1) simulation.write(empId, empId);
    simulation.source.commit(first);
    await advance(1_000);
    simulation.expectNothingLost();
    expect(simulation.repeatedCount).toBe(0);
  });

  it('begins a requested snapshot after the next renewal of the lease', async () => {
    simulation.startPoller();
    await simulation.writeFor(1_000);
    await simulation.ledger.requestResnapshot('token');
    await simulation.writeFor(3_000);
    await advance(500);
    const ends = simulation.topic.filter(({ message }) => message.action === 'SNAPSHOT_END');
    expect(ends).toHaveLength(2 * PARTITION_COUNT);
    expect(new Set(ends.map(({ message }) => message.epoch)).size).toBe(2);
    expect(await simulation.ledger.read()).toMatchObject({ resnapshotToken: null });
    simulation.expectNothingLost();
  });
});

describe('the pace', () => {
  it('without changes is ten reads a second, and no write but the heartbeat', async () => {
    const poller = simulation.startPoller();
    await advance(3_000);
    const readCount = poller.readsAtMs.length;
    const { writeCount } = simulation.ledger;
    const { saveNumber } = await simulation.savedPosition();
    await advance(20_000);
    expect(poller.readsAtMs.length - readCount).toBeLessThanOrEqual(200);
    expect(poller.readsAtMs.length - readCount).toBeGreaterThan(150);
    expect(simulation.ledger.writeCount - writeCount).toBeLessThanOrEqual(20);
    expect((await simulation.savedPosition()).saveNumber).toBe(saveNumber);
  });

  it('under load is at most four saves a second, and five writes with the heartbeat', async () => {
    simulation.startPoller();
    await advance(1_000);
    const { writeCount } = simulation.ledger;
    const { saveNumber } = await simulation.savedPosition();
    await simulation.writeFor(10_000, 10);
    expect(Number((await simulation.savedPosition()).saveNumber - saveNumber)).toBeLessThanOrEqual(41);
    expect(simulation.ledger.writeCount - writeCount).toBeLessThanOrEqual(45);
    expect(simulation.ledger.writeCount - writeCount).toBeGreaterThan(30);
  });

  it('publishes a change within the idle tick after a pause, and reads at the busy tick after that', async () => {
    const { busyTickMs, idleTickMs } = POLLER_TIMING;
    const poller = simulation.startPoller();
    await advance(10_000);
    for (let count = 1; count <= 5; count += 1) {
      const writtenAtMs = simulation.clock.monotonicMs();
      simulation.write(1, count);
      await advance(idleTickMs + 20);
      expect((simulation.topic.at(-1)?.atMs ?? Number.NaN) - writtenAtMs).toBeLessThanOrEqual(idleTickMs + 5);
    }
    const readCount = poller.readsAtMs.length;
    await simulation.writeFor(1_000, 10);
    expect(poller.readsAtMs.length - readCount).toBeGreaterThan((0.75 * 1_000) / busyTickMs);
    expect(poller.readsAtMs.length - readCount).toBeLessThanOrEqual(1_000 / busyTickMs + 1);
  });
});

describe('purging', () => {
  it('deletes old changes that the saved position covers', async () => {
    simulation.startPoller({ settings: { retentionHours: 0, purgeIntervalMs: 1_000 } });
    await simulation.writeFor(5_000);
    await advance(2_000);
    expect(simulation.source.retainedChangeIds).toEqual([]);
    simulation.expectNothingLost();
  });

  it('keeps every change that the saved position does not cover, although it is published', async () => {
    const poller = simulation.startPoller({ settings: { retentionHours: 0, purgeIntervalMs: 50 } });
    await simulation.writeFor(1_000);
    // A save now takes so long that publishing and purging go on meanwhile.
    poller.ledger.roundTripMs = 600;
    let publishedUncoveredCount = 0;
    for (let round = 0; round < 200; round += 1) {
      await simulation.writeFor(20);
      const uncovered = await simulation.uncoveredChangeIds();
      const retained = new Set(simulation.source.retainedChangeIds);
      expect(uncovered.filter((changeId) => !retained.has(changeId))).toEqual([]);
      const published = new Set(simulation.topic.map(({ message }) => message.changeId));
      publishedUncoveredCount += uncovered.filter((changeId) => published.has(changeId)).length;
    }
    expect(poller.outcome).toBeUndefined();
    expect(publishedUncoveredCount).toBeGreaterThan(1_000);
    expect(simulation.source.retainedChangeIds.length).toBeLessThan(200);
  });
});
