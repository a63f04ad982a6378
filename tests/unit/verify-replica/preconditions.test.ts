import { encodePosition, type Position } from '../../../functions/core/change-position.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { checkPreconditions, PollerCheck } from '../../../functions/verify-replica/preconditions.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';

const STREAM: Position['progress'] = { phase: 'stream', since: '1:1:', page: null };
const SNAPSHOT: Position['progress'] = { phase: 'snapshot', since: '1:1:', afterEmpId: 7 };
const marks = { table: '', columns: '', types: '', file: '', triggers: '', functions: '', changes: '' };

interface Situation {
  readonly source?: { readonly majorVersion?: number; readonly shape?: string | null };
  readonly replica?: { readonly majorVersion?: number; readonly shape?: string | null };
  readonly faults?: readonly string[];
  readonly watermarkEpoch?: bigint;
  readonly progress?: Position['progress'] | null;
  readonly hasEntry?: boolean;
}

function check({ source, replica, faults = [], watermarkEpoch = 4n, progress = STREAM, hasEntry = true }: Situation) {
  const position = progress && encodePosition({ ...{ systemIdentifier: '1', saveNumber: 1n, epoch: 5n }, progress });
  return checkPreconditions({
    source: { inspect: async () => ({ majorVersion: 18, shape: 'usual', ...source }) },
    replica: { inspect: async () => ({ majorVersion: 18, shape: 'usual', ...replica }) },
    replicaEvidence: {
      read: async () => ({ rows: [], watermark: { epoch: watermarkEpoch, changeId: 0n }, isSweeping: false }),
    },
    changeSource: {
      inspectCapture: async () => ({
        ...{ marks, gapReason: null },
        faults: faults.map((message) => ({ message, losesChanges: true })),
      }),
    },
    ledger: { read: async () => (hasEntry ? ({ position } as PollerLedgerEntry) : null) },
  });
}
const TOO_EARLY = {
  code: 'PIPE_VERIFY_TOO_EARLY',
  message:
    'expected the snapshot of the source to be published and applied completely, found one that is not; wait until it is, ' +
    'then verify again',
};

describe('rows can be compared', () => {
  it('by a faster method when both servers have the same major version', async () => {
    expect(await check({})).toEqual({ obstacles: [], method: 'columns' });
    expect(await check({ source: { majorVersion: 17 } })).toEqual({ obstacles: [], method: 'md5' });
  });

  it('although the capture is broken, which is an obstacle', async () => {
    expect(await check({ faults: ['a', 'b'] })).toEqual({
      obstacles: ['a', 'b'].map((message) => ({ code: 'PIPE_CAPTURE_BROKEN', message })),
      method: 'columns',
    });
  });
});

describe('a comparison says nothing', () => {
  it.each([
    ['usual', 'other', 'usual', 'other'],
    [null, 'usual', 'none', 'usual'],
    ['usual', null, 'usual', 'none'],
    [null, null, 'none', 'none'],
  ])('when the tables are %p and %p', async (source, replica, ours, theirs) => {
    expect(await check({ source: { shape: source }, replica: { shape: replica }, faults: ['a'] })).toEqual({
      obstacles: [
        { code: 'PIPE_CAPTURE_BROKEN', message: 'a' },
        {
          code: 'PIPE_VERIFY_IMPOSSIBLE',
          message:
            `expected table public.employees with the same columns in both databases, found ${ours} in the source and ` +
            `${theirs} in the target; correct the table that differs, then verify again`,
        },
      ],
      method: null,
    });
  });

  it.each<[string, Situation]>([
    ['is published', { progress: SNAPSHOT }],
    ['is applied', { watermarkEpoch: 3n }],
    ['has not begun', { progress: null }],
    ['has not begun for the first time', { hasEntry: false }],
  ])('while a snapshot %s', async (_, situation) => {
    expect(await check({ ...situation, faults: ['a'] })).toEqual({
      obstacles: [{ code: 'PIPE_CAPTURE_BROKEN', message: 'a' }, TOO_EARLY],
      method: null,
    });
  });
});

describe('the check of the poller', () => {
  function createCheck() {
    const clock = new FakeClock();
    const rig = { heartbeat: 1 as number | null, reads: 0 };
    const read = async () => {
      rig.reads += 1;
      return rig.heartbeat === null ? null : ({ heartbeat: rig.heartbeat } as PollerLedgerEntry);
    };
    return Object.assign(rig, { clock, check: new PollerCheck({ read }, clock) });
  }

  it('waits up to three seconds for a heartbeat, and then says what to do', async () => {
    const rig = createCheck();
    const checking = rig.check.check();
    await rig.clock.advance(3_000);
    expect(await checking).toEqual([
      {
        code: 'PIPE_POLLER_NOT_RUNNING',
        message:
          'expected a running poller, found no heartbeat in the offset table, so that changes do not reach the target; look ' +
          'at the log of poll-changes',
      },
    ]);
    expect(rig.reads).toBe(31);
  });

  it('fails too when no poller has ever run', async () => {
    const rig = createCheck();
    rig.heartbeat = null;
    const checking = rig.check.check();
    await rig.clock.advance(3_000);
    expect(await checking).toHaveLength(1);
  });

  it('ends with the first heartbeat, which is enough for three seconds', async () => {
    const rig = createCheck();
    const checking = rig.check.check();
    await rig.clock.advance(150);
    rig.heartbeat = 2;
    await rig.clock.advance(100);
    expect(await checking).toEqual([]);
    await rig.clock.advance(3_000 - 50);
    rig.reads = 0;
    expect(await rig.check.check()).toEqual([]);
    expect(rig.reads).toBe(1);
  });

  it('does not trust a heartbeat that may have come long ago', async () => {
    const rig = createCheck();
    const checking = rig.check.check();
    await rig.clock.advance(3_100);
    await checking;
    await rig.clock.advance(60_000);
    rig.heartbeat = 2;
    const again = rig.check.check();
    await rig.clock.advance(3_000);
    expect(await again).toHaveLength(1);
  });
});
