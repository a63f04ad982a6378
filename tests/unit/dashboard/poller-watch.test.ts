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
