import { encodePosition } from '../../../functions/core/change-position.ts';
import { PollerWatch } from '../../../functions/dashboard/poller-watch.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';

const position = encodePosition({
  ...{ systemIdentifier: '7', saveNumber: 3n, epoch: 5n },
  progress: { phase: 'snapshot', since: '100:100:', afterEmpId: 42 },
});

const entry = (changes: Partial<PollerLedgerEntry> = {}): PollerLedgerEntry => ({
  ...{ owner: 'a', fencingToken: 1, heartbeat: 1, isAccepted: true, requestedBy: null },
  ...{ resnapshotToken: null, resnapshotReason: null, position },
  ...changes,
});

let nowMs: number;
let stored: PollerLedgerEntry | null;
let watch: PollerWatch;

beforeEach(() => {
  nowMs = Date.parse('2026-11-26T08:00:00Z');
  stored = entry();
  watch = new PollerWatch({ read: async () => stored }, () => new Date(nowMs));
});

async function readAfter(ms: number, changes: Partial<PollerLedgerEntry> = {}) {
  nowMs += ms;
  stored = entry(changes);
  return watch.read();
}

describe('PollerWatch', () => {
  it('has the position of the poller', async () => {
    expect(await watch.read()).toMatchObject({
      phase: 'snapshot',
      snapshotAfter: 42,
      since: '100:100:',
      isRunning: true,
    });
  });

  it('notices that the heartbeat stands still', async () => {
    await watch.read();
    expect((await readAfter(2_000)).isRunning).toBe(true);
    expect((await readAfter(2_900)).isRunning).toBe(true);
    expect((await readAfter(100)).isRunning).toBe(false);
    expect((await readAfter(1_000, { heartbeat: 2 })).isRunning).toBe(true);
  });

  it('takes the heartbeat as new after a pause in which it was not read', async () => {
    await watch.read();
    expect((await readAfter(3_600_000)).isRunning).toBe(true);
  });

  it('knows when the lease was handed over while it was read', async () => {
    expect((await watch.read()).handedOverAt).toBeNull();
    const { handedOverAt } = await readAfter(1_000, { fencingToken: 2, heartbeat: 2 });
    expect(handedOverAt).toEqual(new Date(nowMs));
    expect((await readAfter(1_000, { fencingToken: 2, heartbeat: 3 })).handedOverAt).toEqual(handedOverAt);
  });

  it('knows no position before the first one, and of one that it cannot read', async () => {
    stored = null;
    expect(await watch.read()).toMatchObject({ isRunning: false, phase: 'none', since: null });
    expect(await readAfter(0, { position: 'no position' })).toMatchObject({ phase: 'none', since: null });
  });
});

describe('the status of the poller', () => {
  it('has the heartbeat and the position as texts that differ when they move', async () => {
    expect(await watch.read()).toMatchObject({ heartbeat: '1', position, isSnapshotRequested: false });
    expect(await readAfter(1_000, { heartbeat: 2, position: null })).toMatchObject({ heartbeat: '2', position: null });
    stored = null;
    expect(await watch.read()).toMatchObject({ heartbeat: null, position: null });
  });

  it('says whether a snapshot is requested, and which employee is the last one of it', async () => {
    expect(await readAfter(0, { resnapshotToken: 't' })).toMatchObject({ isSnapshotRequested: true });
    const progress = { phase: 'stream' as const, since: '100:100:', page: null };
    const streaming = encodePosition({ ...{ systemIdentifier: '7', saveNumber: 3n, epoch: 5n }, progress });
    expect(await readAfter(0, { position: streaming })).toMatchObject({ phase: 'stream', snapshotAfter: null });
  });

  it('is not running without an owner, although its heartbeat is new', async () => {
    expect(await readAfter(0, { owner: null, heartbeat: 9 })).toMatchObject({ isRunning: false });
  });

  it('takes 5 seconds between two reads for no pause yet', async () => {
    await watch.read();
    expect((await readAfter(5_000)).isRunning).toBe(false);
    expect((await readAfter(5_001)).isRunning).toBe(true);
  });

  it('does not know when the lease was handed over during a pause', async () => {
    await watch.read();
    expect((await readAfter(5_001, { fencingToken: 2 })).handedOverAt).toBeNull();
    expect((await readAfter(5_000, { fencingToken: 3 })).handedOverAt).toEqual(new Date(nowMs));
  });

  it('is read once for all that ask for the latest', async () => {
    const ledger = { read: jest.fn(async () => stored) };
    const counting = new PollerWatch(ledger, () => new Date(nowMs));
    const first = counting.latest();
    expect(counting.latest()).toBe(first);
    const second = counting.read();
    expect(counting.latest()).toBe(second);
    await Promise.all([first, second]);
    expect(ledger.read).toHaveBeenCalledTimes(2);
  });

  it('fails for the caller alone', async () => {
    const failing = new PollerWatch({ read: () => Promise.reject(new Error('away')) }, () => new Date(nowMs));
    await expect(failing.read()).rejects.toThrow('away');
    await expect(failing.latest()).rejects.toThrow('away');
  });
});
