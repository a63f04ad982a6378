import type { Attention } from '../../../../functions/core/verdict.ts';
import { renderStatus } from '../../../../localstack/commands/status/render-status.ts';
import { renderVerdict } from '../../../../localstack/commands/status/render-verdict.ts';
import type { StackStatus } from '../../../../localstack/commands/status/stack-status.ts';
import type { TargetStatus } from '../../../../localstack/commands/status/target-status.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';

const NOW = new Date('2026-01-02T12:00:00.000Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const OPTIONS = { paint: plainPaint, now: NOW };

const DEAD_LETTERS: Attention = {
  code: 'PIPE_DEAD_LETTERS',
  subject: '3 dead letters wait',
  message: 'mend the cause, then npm run redrive',
  since: ago(7_800),
  command: 'npm run dead-letters',
};
const DIFFERS: Attention = {
  code: 'PIPE_REPLICA_DIFFERS',
  subject: 'B differs from A in 1 row',
  message: '1 edited in B',
  since: ago(2_460),
  command: 'npm run verify -- --repair',
};
const WAITS: Attention = {
  code: 'PIPE_TARGET_SCHEMA',
  subject: 'apply-changes/employee-changes-0',
  message: 'expected a primary key on employees (emp_id), found none: alter table employees add primary key (emp_id)',
  since: null,
  command: null,
};

describe('the verdict', () => {
  test('is one line when all is well', () => {
    expect(renderVerdict([], OPTIONS)).toBe('● All is well');
  });

  test('has each thing that needs attention, with the command that helps at the end of its line', () => {
    expect(renderVerdict([WAITS, DEAD_LETTERS, DIFFERS], { ...OPTIONS, width: 80 })).toBe(
      `● attention   apply-changes/employee-changes-0
                expected a primary key on employees (emp_id), found none: alter
                table employees add primary key (emp_id) (PIPE_TARGET_SCHEMA)
              3 dead letters wait, oldest 2 h 10 min   → npm run dead-letters
                mend the cause, then npm run redrive (PIPE_DEAD_LETTERS)
              B differs from A in 1 row, for 41 min    → npm run verify -- --repair
                1 edited in B (PIPE_REPLICA_DIFFERS)`,
    );
  });

  test('breaks no line without a terminal, and prints nothing that a terminal obeys', () => {
    const hostile = { ...WAITS, subject: 'a\u001b[2J.csv' };
    expect(renderVerdict([hostile], OPTIONS).split('\n')).toEqual([
      '● attention   a\\x1b[2J.csv',
      `                ${WAITS.message} (PIPE_TARGET_SCHEMA)`,
    ]);
  });
});

const SLICE = {
  ...{ slice: 0, range: { after: null, until: null }, checkedAt: ago(2_460), seconds: 1, differsSince: null },
  ...{ rows: 1_000_214, ranges: 2_000, missing: 0, extra: 0, different: 1, held: 12, unsettled: 0 },
  ...{ causes: { 'edited-in-target': 1 }, heldBy: { salaryAbove: 12 }, samples: [] },
};

const TARGET: TargetStatus = {
  totals: [
    { department: 'CIT', total_salary: '9102142', employee_count: '178' },
    { department: 'ECC', total_salary: '9007199254740993', employee_count: '3' },
  ],
  files: [
    {
      ...{ bucket: 'b', key: 'a.csv', version: 'v', state: 'complete', read: 1_200, filtered_out: 1_019, rejected: 0 },
      ...{ sent: 181, loaded: 181, refused: 0, end_recorded: true },
      ...{ started_at: ago(252).toISOString(), finished_at: ago(250).toISOString() },
    },
  ],
  standingFiles: [],
  deadLetterCodes: [
    {
      ...{ code: 'PIPE_CHANGE_FIELD', open: 2, parked: 0, redriven: 0, lastHour: 1, sampleId: 'a/0/1' },
      ...{ firstAt: ago(7_800), lastAt: ago(240), sampleReason: 'a name is no text' },
    },
  ],
  latency: { p50Ms: 12, p99Ms: 88, greatestMs: 131 },
  changesPerSecond: 1_004,
  agreement: {
    oldestCheckedAt: ago(2_460),
    slices: [SLICE],
    salaries: null,
  },
};

const STATUS: StackStatus = {
  observation: {
    ...{ at: NOW, unreachable: [], topics: [], conditions: [], poller: null, backlog: 0, groups: [] },
    ...{ standingFiles: [], unstartedFiles: [], standstills: null, clocks: null },
    ...{ deadLetters: null, replica: null, salaries: null },
  },
  source: { changes: 0, isMore: false, oldestAgeMs: 41 },
  target: TARGET,
  kafka: { topics: [], groups: [], deadLetters: [] },
  poller: {
    ...{ isPollerRunning: true, isSnapshotRequested: false, heartbeat: '1', fencingToken: '1' },
    progress: { phase: 'stream' },
  },
};

const render = (status: StackStatus, handedOverAt: Date | null = null) =>
  renderStatus({ status, attention: [], handedOverAt }, OPTIONS);

describe('the status', () => {
  test('has the verdict, a line for changes and one for the replica, and the tables', () => {
    expect(render(STATUS, ago(12))).toBe(`● All is well

CHANGES    lag 41 ms   p50 12 ms   p99 88 ms   max 131 ms   1,004/s   poller streaming, 12 s since hand-over
REPLICA    1,000,214 rows   1 different   12 held by salaryAbove   checked 41 min ago

DEPARTMENT                  TOTAL  EMPLOYEES
CIT                     9,102,142        178
ECC         9,007,199,254,740,993          3

FILE   STATE      READ  FILTERED  REJECTED  REFUSED  LOADED    AGE
a.csv  complete  1,200     1,019         0        0     181  4 min

CODE               OPEN  PARKED  REDRIVEN  LAST HOUR   LAST
PIPE_CHANGE_FIELD     2       –         –          1  4 min`);
  });

  test('is short for a stack without data', () => {
    const target = {
      ...{ ...TARGET, totals: [], files: [], deadLetterCodes: [], latency: null, changesPerSecond: 0 },
      agreement: { oldestCheckedAt: null, slices: [], salaries: null },
    };
    expect(render({ ...STATUS, target, source: { changes: 0, isMore: false, oldestAgeMs: null } })).toBe(`● All is well

CHANGES    lag 0 ms   no changes for 15 min   poller streaming
REPLICA    not verified yet`);
  });

  test('shows what waits, and how far a snapshot is', () => {
    const partitions = [{ partition: 0, next: 1n, lag: 1_500n }];
    const groups = [
      { group: 'apply-changes', topic: 'employee-changes', partitions },
      { group: 'of-another-service', topic: 'other', partitions },
    ];
    const poller = { ...(STATUS.poller as NonNullable<StackStatus['poller']>) };
    const progress = { phase: 'snapshot', afterEmpId: 12_000 };
    const lines = render({
      ...STATUS,
      source: { changes: 7_000, isMore: true, oldestAgeMs: 2_000 },
      kafka: { topics: [], groups, deadLetters: [] },
      poller: { ...poller, progress },
    }).split('\n');
    expect(lines[2]).toBe(
      'CHANGES    lag 2 s   7,000+ not published   1,500 not applied   p50 12 ms   p99 88 ms   max 131 ms   1,004/s   snapshot at emp_id 12,000',
    );
    const titles = lines.indexOf('GROUP          TOPIC             WAITING');
    expect(lines.slice(titles + 1, titles + 3)).toEqual(['apply-changes  employee-changes    1,500', '']);
  });

  test('shows only what could be read', () => {
    expect(render({ ...STATUS, source: null, target: null, kafka: null, poller: null })).toBe('● All is well');
  });

  test('continues its figures on the next line of a narrow terminal', () => {
    const text = renderStatus({ status: STATUS, attention: [], handedOverAt: null }, { ...OPTIONS, width: 80 });
    expect(text.split('\n').slice(2, 4)).toEqual([
      'CHANGES    lag 41 ms   p50 12 ms   p99 88 ms   max 131 ms   1,004/s',
      '           poller streaming',
    ]);
  });

  test('counts the checks of the salaries', () => {
    const salaries = { ...{ files: 2, rows: 181, differences: 0, findings: [], checkedAt: ago(90), seconds: 1 } };
    const agreement = {
      ...TARGET.agreement,
      salaries: { ...salaries, isDeep: false, differsSince: null, deepCheckedAt: null },
    };
    expect(render({ ...STATUS, target: { ...TARGET, agreement } })).toContain(
      'SALARIES   181 rows   2 files   0 different   checked 1 min ago',
    );
  });
});
