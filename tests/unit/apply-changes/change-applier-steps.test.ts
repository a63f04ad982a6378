import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { EmployeeChange } from '../../../functions/core/employee-change.ts';
import { InputError, SchemaError } from '../../../functions/core/errors.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RefusedChange,
  SweepState,
} from '../../../functions/ports/employee-replica.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { changeRecord, snapshotEndRecord, truncateRecord } from '../../support/cdc/change-records.ts';

const DONE: SweepState = { isPending: false, refusal: null };
const PENDING: SweepState = { isPending: true, refusal: null };
const refusedWith = (refusal: string): SweepState => ({ isPending: false, refusal });

/** A replica that notes what is asked of it. What it refuses, and how far its sweeps are, is up to the test. */
function createRig({ sweep = DONE, steps = [] as SweepState[], watermark = -1n } = {}) {
  const calls: unknown[][] = [];
  const rig = {
    calls,
    refuses: (_: EmployeeChange): Error | null => null,
    judge: async (_: readonly RefusedChange[]) => {},
    endedPartitions: 0,
  };
  const transaction: EmployeeReplicaTransaction = {
    ...{ watermark: { epoch: 1n, changeId: watermark }, sweep },
    apply: async (changes) => {
      calls.push(['apply', ...changes.map(({ employee, changeId }) => `${employee.empId}/${changeId}`)]);
      for (const change of changes) {
        const error = rig.refuses(change);
        if (error) throw error;
      }
      return changes.length;
    },
    withSavepoint: (work) => work(),
    judgeRefused: async (refused) => {
      calls.push(['judge', ...refused.map(({ change: { employee, changeId } }) => `${employee.empId}/${changeId}`)]);
      await rig.judge(refused);
    },
    raiseWatermark: async ({ epoch, changeId }) => void calls.push(['raise', `${epoch}/${changeId}`]),
    retainThroughSnapshot: async (kept) => void calls.push(['retain', ...kept.map(({ empId }) => empId)]),
    recordSnapshotEnd: async (_epoch, _partition, count) => {
      rig.endedPartitions += 1;
      return rig.endedPartitions === count;
    },
  };
  const left = [...steps];
  const replica: EmployeeReplica = {
    applyAtOnce: async (changes) => {
      calls.push(['at once', ...changes.map(({ employee }) => employee.empId)]);
      return changes.some((change) => rig.refuses(change)) ? undefined : changes.length;
    },
    transaction: async (lock, _, work) => {
      calls.push([lock]);
      return work(transaction);
    },
    sweep: async () => {
      calls.push(['sweep']);
      return left.shift() ?? DONE;
    },
  };
  const deadLetters: DeadLetter[] = [];
  const publish = async (more: readonly DeadLetter[]) => void deadLetters.push(...more);
  const ticks = createTickRecorder('apply-changes');
  const applier = new ChangeApplier(replica, { publish }, parseChangeRules('salaryAbove=0'), ticks);
  return Object.assign(rig, { applier, deadLetters });
}
const change = (empId: number, changeId = 1) => changeRecord(empId, { changeId, salary: 1 });
const snapshot = (empId: number) => changeRecord(empId, { action: 'SNAPSHOT', epoch: 2, changeId: 0, salary: 1 });
const refusal = () => new InputError('PIPE_X', 'refused');

describe('a batch', () => {
  it('that only changes employees needs one request', async () => {
    const { applier, calls } = createRig();
    const { latency: _, ...counts } = await applier.apply([change(2), change(1), change(2, 3)]);
    expect(counts).toEqual({ applied: 2, received: 3, deadLettered: 0 });
    expect(calls).toEqual([['at once', 1, 2]]);
  });

  it('without a change whose time is known has no latency', async () => {
    const { applier } = createRig();
    const unknown = changeRecord(1, { salary: 1, changedAt: 'unknown' });
    expect(Object.keys(await applier.apply([unknown]))).toEqual(['applied', 'received', 'deadLettered']);
  });

  it('is not isolated because of an error that concerns all of it', async () => {
    const rig = createRig();
    rig.refuses = () => Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    await expect(rig.applier.apply([change(1)])).rejects.toThrow('away');
    expect(rig.calls).toEqual([['at once', 1], ['shared'], ['apply', '1/1']]);
  });

  it('is undone when such an error comes while it is isolated', async () => {
    const rig = createRig();
    let attempts = 0;
    rig.refuses = () => {
      attempts += 1;
      return attempts < 4 ? refusal() : Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    };
    await expect(rig.applier.apply([change(1), change(2)])).rejects.toThrow('away');
    expect(rig.deadLetters).toEqual([]);
  });
});

describe('refused changes', () => {
  it('are judged together, after everything else is applied', async () => {
    const rig = createRig();
    rig.refuses = ({ employee }) => (employee.empId % 2 === 0 ? refusal() : null);
    await rig.applier.apply([1, 2, 3, 4].map((empId) => change(empId)));
    expect(rig.calls.filter(([name]) => name === 'judge')).toEqual([['judge', '2/1', '4/1']]);
    expect(rig.calls.at(-1)?.[0]).toBe('judge');
  });

  it('are judged although an older change was applied in the place of each', async () => {
    const rig = createRig();
    rig.refuses = ({ changeId }) => (changeId === 2n ? refusal() : null);
    await rig.applier.apply([change(1, 1), change(1, 2)]);
    expect(rig.calls.slice(2)).toEqual([
      ['apply', '1/2'],
      ['shared'],
      ['apply', '1/2'],
      ['apply', '1/1'],
      ['judge', '1/2'],
    ]);
    expect(rig.deadLetters).toMatchObject([{ code: 'PIPE_CHANGE_REFUSED' }]);
  });

  it('are not judged when there are none after all', async () => {
    const rig = createRig();
    let attempts = 0;
    rig.refuses = () => (++attempts <= 2 ? refusal() : null);
    await rig.applier.apply([change(1)]);
    expect(rig.calls.map(([name]) => name)).not.toContain('judge');
    expect(rig.deadLetters).toEqual([]);
  });

  it('wait when the schema is at fault, and none becomes a dead letter', async () => {
    const rig = createRig();
    rig.refuses = ({ changeId }) => (changeId === 2n ? refusal() : null);
    rig.judge = () => Promise.reject(new SchemaError('unfit'));
    await expect(rig.applier.apply([change(1, 1), change(1, 2)])).rejects.toThrow('unfit');
    expect(rig.deadLetters).toEqual([]);
  });
});

describe('the employees of a snapshot whose images are dead-lettered', () => {
  it('are retained, and no others', async () => {
    const rig = createRig();
    rig.refuses = ({ employee }) => (employee.empId === 3 || employee.empId === 4 ? refusal() : null);
    const poor = changeRecord(2, { action: 'SNAPSHOT', epoch: 2, changeId: 0, salary: 0 });
    await rig.applier.apply([snapshot(1), poor, snapshot(3), change(4, 9)]);
    expect(rig.calls.filter(([name]) => name === 'retain')).toEqual([['retain', 2, 3]]);
  });

  it('are none in nearly every batch, which then asks for nothing', async () => {
    const { applier, calls } = createRig();
    await applier.apply([snapshot(1), snapshotEndRecord(2, 0, 2)]);
    expect(calls).toEqual([['exclusive'], ['apply', '1/0']]);
  });
});

describe('the sweep after a TRUNCATE or a snapshot', () => {
  it('continues step by step until nothing is left', async () => {
    const { applier, calls } = createRig({ sweep: PENDING, steps: [PENDING, DONE] });
    await applier.apply([truncateRecord(6)]);
    expect(calls).toEqual([['exclusive'], ['raise', '1/6'], ['sweep'], ['sweep']]);
  });

  it('makes a dead letter of the TRUNCATE when the database keeps employees', async () => {
    const { applier, deadLetters, calls } = createRig({ sweep: PENDING, steps: [refusedWith('SQLSTATE 23503')] });
    const record = truncateRecord(6);
    expect(await applier.apply([truncateRecord(5), record])).toMatchObject({
      applied: 0,
      received: 2,
      deadLettered: 1,
    });
    expect(calls).toContainEqual(['raise', '1/6']);
    expect(deadLetters).toMatchObject([
      {
        code: 'PIPE_CHANGE_REFUSED',
        reason:
          'the target database refuses to delete some of the employees that the source no longer has: SQLSTATE 23503; ' +
          'correct that in the target database, then redrive this record',
        origin: { offset: record.offset },
      },
    ]);
  });

  it('makes one of the record that completes the snapshot, and not of those before', async () => {
    const { applier, deadLetters, calls } = createRig({ sweep: refusedWith('SQLSTATE 23503') });
    const [first, last] = [snapshotEndRecord(2, 0, 2), snapshotEndRecord(2, 1, 2)];
    await applier.apply([first]);
    expect(deadLetters).toEqual([]);
    await applier.apply([last]);
    expect(deadLetters).toMatchObject([{ origin: { offset: last.offset } }]);
    expect(calls.filter(([name]) => name === 'raise')).toEqual([['raise', `1/${2n ** 63n - 1n}`]]);
  });

  it.each([
    ['is pending', PENDING],
    ['has kept employees', refusedWith('x')],
  ])('begins again with the same TRUNCATE when it %s', async (_, sweep) => {
    const { applier, calls } = createRig({ sweep, watermark: 6n });
    await applier.apply([truncateRecord(6)]);
    expect(calls).toContainEqual(['raise', '1/6']);
  });

  it('does not begin again when it is done', async () => {
    const { applier, calls } = createRig({ watermark: 6n });
    await applier.apply([truncateRecord(6)]);
    expect(calls).toEqual([['exclusive']]);
  });

  it('stops when less than 25 seconds are left, and the retry of the batch continues it', async () => {
    const remaining = [25_000, 24_999];
    const { applier, calls, deadLetters } = createRig({ sweep: PENDING, steps: [PENDING, PENDING] });
    const applying = applier.apply([truncateRecord(6)], { remainingMs: () => remaining.shift() ?? 0 });
    await expect(applying).rejects.toMatchObject({
      code: 'PIPE_SWEEP_UNFINISHED',
      retry: 'timed',
      message:
        'expected to delete within one invocation the employees that a TRUNCATE or a snapshot removed, found too many of ' +
        'them; the next invocation continues by itself, so nothing needs to be done',
    });
    expect(calls.filter(([name]) => name === 'sweep')).toHaveLength(1);
    expect(deadLetters).toEqual([]);
  });
});
