import type { FileState } from '../../../functions/core/ingestion.ts';
import type { DashboardState, LatencyWindow, Reading, Readings } from '../../../functions/ports/dashboard-state.ts';
import type { LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import type { FileProgress } from '../../../functions/ports/salary-view.ts';
import type { Agreement } from '../../../functions/ports/verification-store.ts';

const MINUTE_MS = 60_000;

const PARTLY_REFUSED: Counts = [6_954, 6_660, 7, 287, 285, 2];

/** A busy and healthy system at `now`, with an older failure of each kind on record. */
export function exampleState(now: Date, changes: Partial<Readings> = {}): DashboardState {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const values: Readings = {
    poller: {
      ...{ isRunning: true, phase: 'stream', snapshotAfter: null, isSnapshotRequested: false, since: '1:1:' },
      ...{ heartbeat: '7', position: '{}', handedOverAt: ago(12_000) },
    },
    backlog: { changes: 12, isMore: false, oldestAgeMs: 41 },
    groups: ['apply-changes', 'load-salaries'].map((group) => ({
      group,
      topic: group === 'apply-changes' ? 'employee-changes' : 'employee-salaries',
      partitions: Array.from({ length: 6 }, (_, partition) => ({
        partition,
        end: BigInt(170_000 + partition * 1_731),
        next: BigInt(170_000 + partition * 1_731) - (group === 'apply-changes' && partition === 2 ? 7n : 0n),
        lag: group === 'apply-changes' && partition === 2 ? 7n : 0n,
      })),
    })),
    latency: {
      ...{ from: ago(15 * MINUTE_MS), until: now, steps: exampleLatency(now) },
      ...{ p50Ms: 34, p99Ms: 88, greatestMs: 640, recentMs: 41, perSecond: 1_004 },
    },
    salaries: {
      totals: [
        { department: 'CIT', totalSalary: '9102142', employees: '178' },
        { department: 'ECC', totalSalary: '2042698', employees: '41' },
        { department: 'EMS', totalSalary: '3779570', employees: '68' },
      ],
      newest: [
        file('2026-11-26/Employee_Salaries.csv', 'loading', ago(20_000), [4_200, 3_900, 0, 300, 180, 0]),
        file('2026-11-25/Employee_Salaries.csv', 'complete', ago(26 * 60 * MINUTE_MS), [6_954, 6_667, 0, 287, 287, 0]),
        file(
          '2026-11-24/a-much-longer-name-of-a-file-from-the-source-system.csv',
          'complete',
          ago(50 * 60 * MINUTE_MS),
          PARTLY_REFUSED,
        ),
        file('2026-11-23/notes.csv', 'rejected', ago(75 * 60 * MINUTE_MS), [0, 0, 0, 0, 0, 0]),
        file(
          '2026-11-22/Employee_Salaries.csv',
          'superseded',
          ago(98 * 60 * MINUTE_MS),
          [6_954, 6_667, 0, 287, 287, 0],
        ),
      ],
      loading: 1,
      standing: [],
    },
    deadLetters: { groups: [], redrives: [] },
    agreement: exampleAgreement(now),
    conditions: [],
    ...changes,
  };
  const readings = Object.entries(values).map(([name, value]) => [name, { value, at: now, failure: null }]);
  return { now, stage: 'local', readings: Object.fromEntries(readings) as DashboardState['readings'] };
}

/** The readings of a system in which something of each kind is wrong. */
export function exampleTrouble(now: Date): Partial<Readings> {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return {
    backlog: { changes: 100_000, isMore: true, oldestAgeMs: 94_000 },
    deadLetters: {
      groups: [
        {
          ...{ code: 'PIPE_CHANGE_FIELD', open: 2, redriven: 0, parked: 0, lastHour: 1 },
          ...{ firstAt: ago(130 * MINUTE_MS), lastAt: ago(4 * MINUTE_MS), sampleId: 'employee-changes/3/1742' },
          sampleReason: 'expected employee.salary to be a whole number or null, got a text',
        },
        {
          ...{ code: 'noNegativeEmpId', open: 0, redriven: 0, parked: 1, lastHour: 0 },
          ...{ firstAt: ago(3 * 24 * 60 * MINUTE_MS), lastAt: ago(26 * 60 * MINUTE_MS) },
          ...{ sampleId: 'employee-changes/0/9', sampleReason: 'expected emp_id to be at least 0, got <b>-4</b>' },
        },
      ],
      redrives: [
        {
          ...{ id: '7', state: 'running', note: 'After the schema was mended', claimed: 400, published: 300 },
          ...{ resolved: 180, failed: 2, refused: 1, createdAt: ago(30_000), finishedAt: null },
        },
      ],
    },
    agreement: exampleAgreement(now, {
      ...{ different: 3, unsettled: 4, causes: { 'edited-in-target': 2, lost: 1 } },
      samples: [
        { empId: 1742, kind: 'different', cause: 'edited-in-target', columns: ['city', 'salary'] },
        { empId: 90210, kind: 'different', cause: 'edited-in-target', columns: ['last_name'] },
        { empId: 88, kind: 'different', cause: 'lost', columns: ['salary'] },
      ],
      differsSince: ago(41 * MINUTE_MS),
    }),
    conditions: [
      {
        ...{ id: 'apply-changes/employee-changes-3', code: 'PIPE_TARGET_SCHEMA', since: ago(12 * MINUTE_MS) },
        message:
          'expected column employees.city to hold 100 characters, found varchar(20) (SQLSTATE 22001); alter table employees alter column city type varchar(100)',
      },
    ],
  };
}

export function exampleDeadLetter(now: Date): LedgerEntry {
  return {
    ...{ id: 'employee-changes/3/1742', code: 'PIPE_CHANGE_FIELD', rule: null, state: 'open', recordKey: '1742' },
    ...{ file: null, attempts: 2, payloadBytes: 180, sha256: null, cut: false, redriveId: null, published: null },
    ...{ origin: { topic: 'employee-changes', partition: 3, offset: '1742' }, stateAt: now },
    reason: 'expected employee.salary to be a whole number or null, got a text',
    ...{ firstAt: new Date(now.getTime() - 130 * MINUTE_MS), lastAt: new Date(now.getTime() - 4 * MINUTE_MS) },
    ...{ topic: 'employee-changes.dead-letter', partition: 3, offset: '17' },
  };
}

/** As if one server did not answer for a while. */
export function failing<Value>(reading: Reading<Value>, since: Date, isKept = true): Reading<Value> {
  const failure = { message: 'connect ECONNREFUSED 127.0.0.1:5434', since };
  return isKept ? { ...reading, failure } : { value: null, at: null, failure };
}

function exampleLatency(now: Date): LatencyWindow['steps'] {
  return Array.from({ length: 91 }, (_, index) => {
    const wave = 70 + 25 * Math.sin(index / 7) + 12 * Math.sin(index * 1.7);
    const p99Ms = index === 40 ? 640 : index > 60 && index < 64 ? null : Math.round(wave);
    return { at: new Date(now.getTime() - (90 - index) * 10_000), p99Ms };
  });
}

type Slice = Agreement['slices'][number];

/** Of twelve slices; the first one has what is given. */
function exampleAgreement(now: Date, first: Partial<Slice> = {}): Agreement {
  const checkedAt = (slice: number) => new Date(now.getTime() - (41 + 2 * slice) * MINUTE_MS);
  const slices = Array.from(
    { length: 12 },
    (_, slice): Slice => ({
      ...{
        slice,
        range: { after: slice * 90_000, until: (slice + 1) * 90_000 },
        checkedAt: checkedAt(slice),
        seconds: 0.3,
      },
      ...{ rows: 83_351, ranges: 167, missing: 0, extra: 0, different: 0, held: 1, unsettled: 0, differsSince: null },
      ...{ causes: {}, heldBy: { noNegativeEmpId: 1 }, samples: [] },
      ...(slice === 0 && first),
    }),
  );
  return {
    oldestCheckedAt: checkedAt(11),
    slices,
    salaries: {
      ...{ checkedAt: checkedAt(0), seconds: 0.1, isDeep: false, files: 5, rows: 287, differences: 0, findings: [] },
      ...{ differsSince: null, deepCheckedAt: null },
    },
  };
}

type Counts = readonly [number, number, number, number, number, number];

function file(
  key: string,
  state: FileState,
  at: Date,
  [read, filteredOut, rejected, sent, loaded, refused]: Counts,
): FileProgress {
  const isLoading = state === 'loading';
  return {
    ...{ bucket: 'salaries', key, version: '1', state, read, filteredOut, rejected, sent, loaded, refused },
    ...{ endRecorded: !isLoading, startedAt: at, finishedAt: isLoading ? null : at, heartbeatAt: at },
  };
}
