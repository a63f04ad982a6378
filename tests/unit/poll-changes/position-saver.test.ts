import { decodePosition, type Progress } from '../../../functions/core/change-position.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import { PositionSaver } from '../../../functions/poll-changes/position-saver.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20, acceptanceMs: 500 };
const SAVE_INTERVAL_MS = 250;
const ROUND_TRIP_MS = 10;

const progressAt = (since: string): Progress => ({ phase: 'stream', since, page: null });

async function createSaver() {
  const clock = new FakeClock();
  const source = new InMemoryChangeSource(10);
  const ledger = new InMemoryPollerLedger();
  const connection = new FakeConnection(clock, ROUND_TRIP_MS);
  const lease = new Lease(connection.to(ledger), clock, { owner: 'a', timing: TIMING });
  const acquired = lease.acquire(10_000);
  await clock.advance(100);
  await acquired;
  const start = { systemIdentifier: 'in-memory', saveNumber: 0n, epoch: 1n, progress: progressAt('start') };
  const saver = new PositionSaver(source, lease, clock, SAVE_INTERVAL_MS, start);
  const saved = async () => {
    const { position = null } = (await ledger.read()) ?? {};
    return position === null ? null : decodePosition(position);
  };
  return { clock, source, ledger, connection, saver, saved };
}

describe('saveWhenDue', () => {
  it('saves the latest progress with the next save number of the source', async () => {
    const { clock, source, saver, saved } = await createSaver();
    saver.recordProgress(progressAt('1'));
    saver.recordProgress(progressAt('2'));
    saver.saveWhenDue();
    expect(saver.saved.progress.since).toBe('start');
    await clock.advance(ROUND_TRIP_MS);
    const expected = { systemIdentifier: 'in-memory', saveNumber: 1n, epoch: 1n, progress: progressAt('2') };
    expect(await saved()).toEqual(expected);
    expect(saver.saved).toEqual(expected);
    expect((await source.identify()).saveNumber).toBe(1n);
  });

  it('saves at most once in an interval, and again exactly when it has passed', async () => {
    const { clock, source, saver } = await createSaver();
    const saveNumbers = [];
    for (const ms of [0, SAVE_INTERVAL_MS - 1, 1, SAVE_INTERVAL_MS - 1, 1]) {
      await clock.advance(ms);
      saver.recordProgress(progressAt(String(ms)));
      saver.saveWhenDue();
      saveNumbers.push((await source.identify()).saveNumber);
    }
    expect(saveNumbers).toEqual([1n, 1n, 2n, 2n, 3n]);
  });

  it('saves nothing without progress since the last save', async () => {
    const { clock, ledger, saver } = await createSaver();
    saver.recordProgress(progressAt('1'));
    saver.saveWhenDue();
    await clock.advance(SAVE_INTERVAL_MS);
    const { writeCount } = ledger;
    saver.saveWhenDue();
    await clock.advance(SAVE_INTERVAL_MS);
    expect(ledger.writeCount).toBe(writeCount);
  });

  it('starts no save while another one is under way', async () => {
    const { clock, source, connection, saver } = await createSaver();
    connection.roundTripMs = 10 * SAVE_INTERVAL_MS;
    for (let count = 0; count < 5; count += 1) {
      saver.recordProgress(progressAt(String(count)));
      saver.saveWhenDue();
      await clock.advance(SAVE_INTERVAL_MS);
    }
    expect((await source.identify()).saveNumber).toBe(1n);
  });

  it('throws the error of the save before', async () => {
    const { clock, connection, saver } = await createSaver();
    connection.failure = new Error('unreachable');
    saver.recordProgress(progressAt('1'));
    saver.saveWhenDue();
    await clock.advance(ROUND_TRIP_MS);
    expect(() => saver.saveWhenDue()).toThrow('unreachable');
    expect(saver.saved.progress.since).toBe('start');
  });
});

describe('settle', () => {
  it('waits for the save that is under way, also when it fails', async () => {
    const { clock, connection, saver } = await createSaver();
    connection.failure = new Error('unreachable');
    saver.recordProgress(progressAt('1'));
    saver.saveWhenDue();
    let isSettled = false;
    const settled = saver.settle().then(() => {
      isSettled = true;
    });
    await clock.advance(0);
    expect(isSettled).toBe(false);
    await clock.advance(ROUND_TRIP_MS);
    await settled;
  });
});

describe('saveAndReleaseLease', () => {
  it('saves the progress that is not saved yet, and frees the lease with the same write', async () => {
    const { clock, ledger, saver, saved } = await createSaver();
    saver.recordProgress(progressAt('1'));
    const { writeCount } = ledger;
    const released = saver.saveAndReleaseLease();
    await clock.advance(ROUND_TRIP_MS);
    await released;
    expect(ledger.writeCount).toBe(writeCount + 1);
    expect((await saved())?.progress).toEqual(progressAt('1'));
    expect(await ledger.read()).toMatchObject({ owner: null });
  });

  it('releases the lease without a position when all progress is saved', async () => {
    const { clock, source, ledger, saver, saved } = await createSaver();
    saver.recordProgress(progressAt('1'));
    saver.saveWhenDue();
    const released = saver.saveAndReleaseLease();
    await clock.advance(2 * ROUND_TRIP_MS);
    await released;
    expect((await saved())?.progress).toEqual(progressAt('1'));
    expect((await source.identify()).saveNumber).toBe(1n);
    expect(await ledger.read()).toMatchObject({ owner: null });
  });

  it('throws the error of the save that is under way, and keeps the lease', async () => {
    const { clock, ledger, connection, saver } = await createSaver();
    connection.failure = new Error('unreachable');
    saver.recordProgress(progressAt('1'));
    saver.saveWhenDue();
    const failed = expect(saver.saveAndReleaseLease()).rejects.toThrow('unreachable');
    await clock.advance(ROUND_TRIP_MS / 2);
    connection.failure = null;
    await clock.advance(ROUND_TRIP_MS);
    await failed;
    expect(await ledger.read()).toMatchObject({ owner: 'a' });
  });
});
