import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { Employee } from '../../../functions/core/employee-change.ts';
import {
  type CapturedImage,
  differingColumns,
  judgeRow,
  type ReplicaRow,
  type SourceRow,
  type VerdictContext,
} from '../../../functions/core/replica-verdict.ts';

const EPOCH = 1_000n;
const ADA: Employee = { empId: 7, firstName: 'Ada', lastName: null, dob: '1980-01-01', city: 'Rome', salary: 5 };
const MOVED: Employee = { ...ADA, city: 'Oslo' };

const image = (changeId: number, employee: CapturedImage['employee'], isInSnapshot = false): CapturedImage => ({
  ...{ changeId: BigInt(changeId), isInSnapshot, employee },
});

const sourceRow = (row: Partial<SourceRow> = {}): SourceRow => ({
  ...{ empId: 7, employee: ADA, isUnchangedSinceSnapshot: false, newest: image(10, ADA), ofReplica: null },
  ...row,
});

const version = (changeId: number, isDeleted = false, epoch = EPOCH) => ({
  ...{ epoch, changeId: BigInt(changeId), isDeleted },
});

const replicaRow = (row: Partial<ReplicaRow> = {}): ReplicaRow => ({
  ...{ empId: 7, employee: ADA, copies: row.employee === null ? 0 : 1, version: version(10), isAsApplied: true },
  ...{ hasDeadLetter: false, ...row },
});

const CONTEXT: VerdictContext = {
  ...{ epoch: EPOCH, rules: parseChangeRules('salaryAbove=0'), truncateId: null, isSweeping: false },
  watermark: { epoch: EPOCH - 1n, changeId: 1n },
};

const judge = (
  source: Partial<SourceRow>,
  replica: Partial<ReplicaRow>,
  { settledId = null, ...context }: Partial<VerdictContext> & { settledId?: bigint | null } = {},
) => {
  const { outcome, ...verdict } = judgeRow(
    sourceRow(source),
    replicaRow(replica),
    { ...CONTEXT, ...context },
    settledId,
  );
  return [outcome, ...('cause' in verdict ? [verdict.cause] : []), ...('holder' in verdict ? [verdict.holder] : [])];
};

describe('the verdict on an employee', () => {
  it('is agreed when the rows are equal, whatever their versions', () => {
    expect(judge({}, { version: version(3) })).toEqual(['agreed']);
    expect(judge({ employee: null, newest: image(11, null) }, { employee: null, version: null })).toEqual(['agreed']);
  });

  it('is judged by the values of the rows, each side having read its own', () => {
    const source = { employee: { ...ADA }, newest: image(10, { ...ADA }) };
    expect(judge(source, { employee: { ...ADA }, version: version(3) })).toEqual(['agreed']);
    expect(judge(source, { employee: null })).toEqual(['differs', 'edited-in-target']);
  });

  it('waits while the replica has an older version', () => {
    const source = { employee: MOVED, newest: image(11, MOVED) };
    expect(judgeRow(sourceRow(source), replicaRow(), CONTEXT, null)).toEqual({
      ...{ outcome: 'in-flight', changeId: 11n, kind: 'different' },
    });
    expect(judge({ employee: null, newest: image(11, null) }, {})).toEqual(['in-flight']);
    expect(judge({}, { employee: null, version: null })).toEqual(['in-flight']);
  });

  it('waits for the position of a newer snapshot', () => {
    expect(judge({ employee: MOVED, newest: image(10, MOVED) }, { version: version(0, false, EPOCH + 1n) })).toEqual([
      'in-flight',
    ]);
  });

  it('is edited in the target at equal versions', () => {
    expect(judge({}, { employee: MOVED, isAsApplied: false })).toEqual(['differs', 'edited-in-target']);
    expect(judge({}, { employee: null })).toEqual(['differs', 'edited-in-target']);
  });

  it('came in by another way when the replica was never told, or told to delete it', () => {
    expect(judge({ employee: null, newest: null }, { version: null })).toEqual(['differs', 'came-in-by-another-way']);
    const deleted = { version: version(10, true) };
    expect(judge({ employee: null, newest: image(10, null) }, deleted)).toEqual(['differs', 'came-in-by-another-way']);
    expect(judge({}, { copies: 2 })).toEqual(['differs', 'came-in-by-another-way']);
  });

  it('is a disabled trigger when the source is not as it was captured, even before the newest change arrives', () => {
    expect(judge({ employee: MOVED }, {})).toEqual(['differs', 'trigger-disabled']);
    expect(judge({ employee: MOVED }, { version: version(3) })).toEqual(['differs', 'trigger-disabled']);
    expect(judge({ employee: null }, {})).toEqual(['differs', 'trigger-disabled']);
    expect(judge({ newest: null }, { employee: null, version: null })).toEqual(['differs', 'trigger-disabled']);
    expect(judge({ newest: image(10, null) }, { employee: null, version: version(10, true) })).toEqual([
      ...['differs', 'trigger-disabled'],
    ]);
  });

  it('needs only the epoch for a row that has not changed since the snapshot', () => {
    const unchanged = { newest: image(10, ADA, true), isUnchangedSinceSnapshot: true };
    expect(judge(unchanged, { employee: MOVED, version: version(0) })).toEqual(['differs', 'edited-in-target']);
    const neverChanged = { newest: null, isUnchangedSinceSnapshot: true };
    expect(judge(neverChanged, { employee: MOVED, version: version(0) })).toEqual(['differs', 'edited-in-target']);
  });

  it('looks at who wrote the row last when the change is no longer retained', () => {
    const purged = { newest: null, employee: MOVED };
    expect(judge(purged, { isAsApplied: true })).toEqual(['differs', 'trigger-disabled']);
    expect(judge(purged, { isAsApplied: false })).toEqual(['differs', 'edited-in-target']);
  });

  it('is held by the rule that the row violates', () => {
    const poor = { ...ADA, salary: 0 };
    expect(judge({ employee: poor, newest: image(11, poor) }, {})).toEqual(['held', 'salaryAbove']);
    const retained = { version: version(-1) };
    expect(judge({ employee: poor, newest: null, isUnchangedSinceSnapshot: true }, retained)).toEqual([
      ...['held', 'salaryAbove'],
    ]);
  });

  it('is lost when the applier has passed the change, unless a dead letter holds it', () => {
    const source = { employee: MOVED, newest: image(11, MOVED) };
    expect(judge(source, {}, { settledId: 11n })).toEqual(['differs', 'lost']);
    expect(judge(source, { hasDeadLetter: true }, { settledId: 11n })).toEqual(['held', 'dead letter']);
  });

  it('of an employee that keeps changing is found at the version that the replica has', () => {
    const source = { employee: MOVED, newest: image(15, MOVED), ofReplica: image(12, ADA) };
    const settled = { settledId: 11n };
    expect(judge(source, { version: version(12) }, settled)).toEqual(['agreed']);
    const edited = { employee: { ...ADA, salary: 6 }, version: version(12) };
    expect(judge(source, edited, settled)).toEqual(['differs', 'edited-in-target']);
    expect(judge({ ...source, ofReplica: image(9, ADA) }, { version: version(9) }, settled)).toEqual(['in-flight']);
  });

  it('waits until a truncate has deleted the rows below it', () => {
    const truncated = { employee: null, newest: image(10, ADA) };
    expect(judge(truncated, {}, { truncateId: 12n })).toEqual(['in-flight']);
    const watermark = { epoch: EPOCH, changeId: 12n };
    expect(judge(truncated, {}, { truncateId: 12n, watermark, isSweeping: true })).toEqual(['in-flight']);
    expect(judge(truncated, {}, { truncateId: 12n, watermark })).toEqual(['differs', 'edited-in-target']);
    expect(judge({ newest: image(10, ADA) }, { employee: null }, { truncateId: 12n, watermark })).toEqual([
      ...['differs', 'trigger-disabled'],
    ]);
  });

  it('waits until the end of a snapshot has deleted the rows that it did not have', () => {
    const gone = { employee: null, newest: null };
    const old = { version: version(3, false, EPOCH - 5n) };
    const watermark = { epoch: EPOCH - 6n, changeId: 1n };
    expect(judge(gone, old, { watermark })).toEqual(['in-flight']);
    expect(judge(gone, { version: null }, { watermark })).toEqual(['in-flight']);
    expect(judge(gone, { version: null })).toEqual(['differs', 'came-in-by-another-way']);
  });

  it('does not wait for a sweep of a row that is missing', () => {
    const watermark = { epoch: EPOCH, changeId: 10n };
    expect(judge({}, { employee: null }, { watermark, isSweeping: true })).toEqual(['differs', 'edited-in-target']);
  });

  it('waits for a sweep only where it may delete the row', () => {
    const truncated = { employee: null, newest: image(10, ADA) };
    const sweeping = { truncateId: 12n, watermark: { epoch: EPOCH, changeId: 12n }, isSweeping: true };
    expect(judge(truncated, { version: version(12) }, sweeping)).toEqual(['in-flight']);
    expect(judge(truncated, { version: null }, sweeping)).toEqual(['in-flight']);
    expect(judge(truncated, { version: version(13) }, sweeping)).toEqual(['differs', 'edited-in-target']);
    const old = { version: version(3, false, EPOCH - 5n) };
    expect(judge({ employee: null, newest: null }, old)).toEqual(['differs', 'edited-in-target']);
    const published = { newest: null, isUnchangedSinceSnapshot: true };
    const incomplete = { watermark: { epoch: EPOCH - 6n, changeId: 1n } };
    expect(judge(published, { employee: MOVED, version: version(0) }, incomplete)).toEqual([
      ...['differs', 'edited-in-target'],
    ]);
  });

  it('agrees about a truncated employee once the replica has none, and differs when the source has one', () => {
    const context = { truncateId: 12n, watermark: { epoch: EPOCH, changeId: 12n } };
    expect(judge({ employee: null, newest: image(10, ADA) }, { employee: null }, context)).toEqual(['agreed']);
    expect(judge({ newest: null }, { employee: null }, context)).toEqual(['differs', 'trigger-disabled']);
    const after = { newest: image(13, ADA), employee: ADA };
    expect(judge(after, { employee: null, version: version(13) }, context)).toEqual(['differs', 'edited-in-target']);
  });

  it('waits for the truncate and not for an older change', () => {
    const source = sourceRow({ employee: null, newest: image(10, ADA) });
    expect(judgeRow(source, replicaRow(), { ...CONTEXT, truncateId: 12n }, null)).toMatchObject({ changeId: 12n });
    const newer = sourceRow({ employee: null, newest: image(13, null) });
    expect(judgeRow(newer, replicaRow(), { ...CONTEXT, truncateId: 12n }, null)).toMatchObject({ changeId: 13n });
  });

  it('waits for no change when the snapshot or the end of it has to come first', () => {
    const newerSnapshot = replicaRow({ version: version(0, false, EPOCH + 1n) });
    const moved = sourceRow({ employee: MOVED, newest: image(10, MOVED) });
    expect(judgeRow(moved, newerSnapshot, CONTEXT, null)).toMatchObject({ outcome: 'in-flight', changeId: 0n });
    const gone = sourceRow({ employee: null, newest: null });
    const context = { ...CONTEXT, watermark: { epoch: EPOCH - 6n, changeId: 1n } };
    expect(judgeRow(gone, replicaRow({ version: null }), context, null)).toMatchObject({ changeId: 0n });
    const row = sourceRow({ newest: null, isUnchangedSinceSnapshot: true });
    expect(judgeRow(row, replicaRow({ employee: null, version: null }), CONTEXT, null)).toMatchObject({ changeId: 0n });
  });

  it('has applied what the watermark covers', () => {
    const watermark = { epoch: EPOCH, changeId: 10n };
    const missing = { employee: null, version: null };
    expect(judge({}, missing, { watermark })).toEqual(['differs', 'edited-in-target']);
    expect(judge({}, missing, { watermark: { ...watermark, changeId: 9n } })).toEqual(['in-flight']);
  });

  it('judges only by the version when the captured image has other columns', () => {
    const other = { newest: image(10, undefined) };
    expect(judge(other, { employee: MOVED, isAsApplied: true })).toEqual(['differs', 'trigger-disabled']);
    expect(judge(other, { employee: MOVED, isAsApplied: false })).toEqual(['differs', 'edited-in-target']);
  });

  it('is deleted in the replica as the source has it, when the change is no longer retained', () => {
    const gone = { employee: null, newest: null };
    const written = { version: version(10, true), isAsApplied: true };
    expect(judge(gone, written)).toEqual(['differs', 'came-in-by-another-way']);
    expect(judge(gone, { version: version(10), isAsApplied: true })).toEqual(['differs', 'trigger-disabled']);
    const present = { newest: null, isUnchangedSinceSnapshot: true };
    expect(judge(present, { ...written, employee: null })).toEqual(['differs', 'trigger-disabled']);
    const ofSnapshot = { version: version(0, false), isAsApplied: true };
    expect(judge(gone, ofSnapshot)).toEqual(['differs', 'trigger-disabled']);
    expect(judge(gone, { ...ofSnapshot, version: version(0, true) })).toEqual(['differs', 'came-in-by-another-way']);
    expect(judge(gone, { ...ofSnapshot, version: version(7, false, EPOCH - 1n) })).toEqual([
      ...['differs', 'edited-in-target'],
    ]);
  });

  it('of an employee that keeps changing is not judged before the replica has moved', () => {
    const source = { employee: MOVED, newest: image(15, MOVED) };
    const settled = { settledId: 11n };
    const edited = { employee: { ...ADA, salary: 6 }, version: version(11) };
    expect(judge({ ...source, ofReplica: image(11, ADA) }, edited, settled)).toEqual(['differs', 'edited-in-target']);
    expect(judge({ ...source, ofReplica: image(10, ADA) }, edited, settled)).toEqual(['in-flight']);
    expect(judge({ ...source, ofReplica: image(11, undefined) }, edited, settled)).toEqual(['in-flight']);
    expect(judge({ ...source, ofReplica: null }, edited, settled)).toEqual(['in-flight']);
    const unknown = { ...source, newest: image(15, undefined), ofReplica: image(11, ADA) };
    expect(judge(unknown, edited, settled)).toEqual(['in-flight']);
    const twice = { version: version(11), copies: 2 };
    expect(judge({ ...source, ofReplica: image(11, ADA) }, twice, settled)).toEqual([
      ...['differs', 'came-in-by-another-way'],
    ]);
  });

  it.each<[string, Partial<SourceRow>, Partial<ReplicaRow>]>([
    ['missing', {}, { employee: null }],
    ['extra', { employee: null, newest: null }, { version: null }],
    ['different', {}, { employee: MOVED, isAsApplied: false }],
  ])('says that a row is %s', (kind, source, replica) => {
    expect(judgeRow(sourceRow(source), replicaRow(replica), CONTEXT, null)).toMatchObject({ outcome: 'differs', kind });
  });

  it('names the columns that differ', () => {
    expect(differingColumns(ADA, { ...MOVED, salary: null })).toEqual(['city', 'salary']);
    const other = { empId: 8, firstName: 'Eva', lastName: 'Li', dob: null, city: null, salary: 6 };
    expect(differingColumns(ADA, other)).toEqual(['emp_id', 'first_name', 'last_name', 'dob', 'city', 'salary']);
    expect(differingColumns(ADA, ADA)).toEqual([]);
    expect(differingColumns(ADA, null)).toEqual([]);
    expect(differingColumns(null, ADA)).toEqual([]);
  });
});
