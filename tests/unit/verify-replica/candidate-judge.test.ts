import { encodePosition, type Position } from '../../../functions/core/change-position.ts';
import type { Employee } from '../../../functions/core/employee-change.ts';
import type { ReplicaRow, SourceRow } from '../../../functions/core/replica-verdict.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import type { WantedEmployee } from '../../../functions/ports/source-evidence.ts';
import { CandidateJudge } from '../../../functions/verify-replica/candidate-judge.ts';

const EPOCH = 5n;
const ADA: Employee = { empId: 7, firstName: 'Ada', lastName: null, dob: null, city: 'Rome', salary: 5 };
const marks = { table: '', columns: '', types: '', file: '', triggers: '', functions: '', changes: '' };
const POSITION: Position = {
  ...{ systemIdentifier: '1', saveNumber: 1n, epoch: EPOCH, progress: { phase: 'stream', since: '9:9:', page: null } },
  capture: { marks, since: '4:4:' },
};

const sourceRow = (empId: number, employee: Employee | null): SourceRow => ({
  ...{ empId, employee, isUnchangedSinceSnapshot: false, ofReplica: null },
  newest: { changeId: 12n, isInSnapshot: false, employee },
});
const replicaRow = (empId: number, employee: Employee | null, changeId: bigint | null = 12n): ReplicaRow => ({
  ...{ empId, employee, copies: employee === null ? 0 : 1, isAsApplied: false, hasDeadLetter: false },
  version: changeId === null ? null : { epoch: EPOCH, changeId, isDeleted: false },
});

function createRig(position: Position | null = POSITION) {
  const rig = {
    ...{ source: [] as SourceRow[], replica: [] as ReplicaRow[], order: [] as string[] },
    asked: [] as (readonly WantedEmployee[])[],
    since: [] as string[],
    truncateId: null as bigint | null,
    isSweeping: false,
    watermark: { epoch: EPOCH - 1n, changeId: 1n },
  };
  const judge = new CandidateJudge({
    source: {
      read: async (employees, since) => {
        rig.order.push('source');
        rig.asked.push(employees);
        rig.since.push(since);
        return { rows: rig.source, truncateId: rig.truncateId };
      },
      areVisible: async () => true,
    },
    replica: {
      read: async () => {
        rig.order.push('replica');
        return { rows: rig.replica, watermark: rig.watermark, isSweeping: rig.isSweeping };
      },
    },
    ledger: { read: async () => position && ({ position: encodePosition(position) } as PollerLedgerEntry) },
    rules: [],
  });
  return { rig, judge: (...empIds: number[]) => judge.judge(empIds.map((empId) => ({ empId, settledId: null }))) };
}

describe('candidates', () => {
  it('are read from the replica before the source, which is asked for the change that the replica has', async () => {
    const { rig, judge } = createRig();
    rig.replica = [replicaRow(8, null, null), replicaRow(7, ADA, 11n)];
    await judge(7, 8, 9);
    expect(rig.order).toEqual(['replica', 'source']);
    expect(rig.asked).toEqual([
      [
        { empId: 7, replicaChangeId: 11n },
        { empId: 8, replicaChangeId: null },
        { empId: 9, replicaChangeId: null },
      ],
    ]);
    expect(rig.since).toEqual(['4:4:']);
  });

  it('are judged each by its own rows, with the columns that differ', async () => {
    const { rig, judge } = createRig();
    rig.source = [sourceRow(8, null), sourceRow(7, ADA)];
    rig.replica = [replicaRow(7, { ...ADA, city: 'Oslo' }), replicaRow(8, { ...ADA, empId: 8 }, null)];
    expect(await judge(7, 8)).toEqual([
      {
        ...{ empId: 7, columns: ['city'], isInSource: true },
        verdict: { outcome: 'differs', cause: 'edited-in-target', kind: 'different' },
      },
      {
        ...{ empId: 8, columns: [], isInSource: false },
        verdict: { outcome: 'in-flight', changeId: 12n, kind: 'extra' },
      },
    ]);
  });

  it('are judged with the watermark, the sweep and the truncate of the same moment', async () => {
    const { rig, judge } = createRig();
    rig.source = [{ ...sourceRow(7, null), newest: null }];
    rig.replica = [replicaRow(7, ADA, 3n)];
    rig.truncateId = 20n;
    const outcome = async () => (await judge(7))[0]?.verdict;
    expect(await outcome()).toMatchObject({ outcome: 'in-flight', changeId: 20n });
    rig.watermark = { epoch: EPOCH, changeId: 20n };
    expect(await outcome()).toMatchObject({ outcome: 'differs' });
    rig.isSweeping = true;
    expect(await outcome()).toMatchObject({ outcome: 'in-flight' });
  });

  it('of which a side says nothing are left out', async () => {
    const { rig, judge } = createRig();
    rig.source = [sourceRow(7, ADA), sourceRow(8, ADA)];
    rig.replica = [replicaRow(8, ADA), replicaRow(9, ADA)];
    expect((await judge(7, 8, 9)).map(({ empId }) => empId)).toEqual([8]);
  });

  it('need a position of the poller, also one without its capture', async () => {
    await expect(createRig(null).judge(7)).rejects.toThrow('expected a saved position of poll-changes, found none');
    const { capture: _, ...earlier } = POSITION;
    const { rig, judge } = createRig(earlier);
    await judge(7);
    expect(rig.since).toEqual(['1:1:']);
  });
});
