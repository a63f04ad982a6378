import type { Comparison } from '../../../../functions/core/verification.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';
import {
  isWell,
  reportJson,
  reportText,
  type VerifyReport,
} from '../../../../localstack/commands/verify/verify-report.ts';

const slice = (found: Partial<Comparison> = {}): Comparison => ({
  ...{ rows: 500, ranges: 2, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
  ...{ causes: {}, heldBy: {}, samples: [], ...found },
});

const NOTHING_REPAIRED = { images: 0, deletions: 0, leftByTime: 0, leftByLock: 0 };

const report = (
  slices: readonly Comparison[],
  more: Partial<VerifyReport['salaries']> = {},
  isDryRun = false,
): VerifyReport => ({
  employees: { slices, seconds: 0.5, obstacles: [], repaired: NOTHING_REPAIRED },
  salaries: {
    ...{ files: 3, rows: 900, differences: 0, findings: [], repaired: { totals: 0, superseded: 0, files: 0 } },
    ...more,
  },
  isDryRun,
});

const text = (of: VerifyReport) => reportText(of, { paint: plainPaint, width: undefined });

const DIFFERENT = slice({
  ...{ missing: 1, different: 1, held: 12, causes: { lost: 1, 'edited-in-target': 1 }, heldBy: { salaryAbove: 12 } },
  samples: [
    { empId: 7, kind: 'different', cause: 'edited-in-target', columns: ['city'] },
    { empId: 9, kind: 'missing', cause: 'held by rule salaryAbove', columns: [] },
  ],
});

describe('the report of a verification', () => {
  it('says first that all is well, then what was compared', () => {
    const found = report([slice(), slice({ held: 2, heldBy: { salaryAbove: 2 } })]);
    expect(isWell(found)).toBe(true);
    expect(text(found).split('\n')).toEqual([
      '● well  both databases agree',
      '',
      'EMPLOYEES  1,000 rows in 4 ranges, 500 ms   0 missing   0 extra   0 different   0 unsettled   2 held by salaryAbove',
      'SALARIES   900 rows of 3 files   0 differences',
    ]);
  });

  it('says what differs and why, the command that corrects it, and the first keys', () => {
    const lines = text(report([DIFFERENT])).split('\n');
    expect(lines[0]).toMatch(/● attention {2}2 employees differ: 1 .*, 1 .* → npm run verify -- --repair$/);
    expect(lines).toContain('  7  different  edited in B               city');
    expect(lines).toContain('  9  missing    held by rule salaryAbove');
  });

  it('says what a repair has left, and why', () => {
    const found = report([DIFFERENT]);
    const repaired = { images: 4, deletions: 0, leftByTime: 2, leftByLock: 1 };
    expect(text({ ...found, employees: { ...found.employees, repaired } })).toContain(
      '  the repair is not finished: 2 rows left, because the time of the function was over; ' +
        '1 row left, because writers kept employees locked; run it again',
    );
  });

  it('says that rows that differ after their repair do not stay repaired', () => {
    const found = report([DIFFERENT]);
    const repaired = { images: 4, deletions: 0, leftByTime: 0, leftByLock: 1 };
    expect(text({ ...found, employees: { ...found.employees, repaired } })).toContain(
      '  1 row does not stay repaired: find what changes it in B, such as a trigger, before the next repair',
    );
    expect(text(found)).not.toContain('stay repaired');
  });

  it('shows with a dry run what a repair would capture', () => {
    expect(text(report([DIFFERENT, slice({ extra: 3, causes: { lost: 3 } })], {}, true))).toContain(
      '--repair would capture 2 rows again and 3 deletions',
    );
  });

  it.each([
    ['unsettled rows', report([slice({ unsettled: 1 })])],
    [
      'differences of the salaries',
      report([slice()], { differences: 1, findings: [{ kind: 'total', subject: 'ECC', message: 'no' }] }),
    ],
    [
      'an obstacle',
      { ...report([]), employees: { ...report([]).employees, obstacles: [{ code: 'PIPE_X', message: 'why' }] } },
    ],
  ])('needs attention with %s', (_, found) => {
    expect(isWell(found)).toBe(false);
    expect(text(found)).toContain('● attention');
    expect(reportJson(found)).toMatchObject({ verdict: 'attention' });
  });

  it('has everything as one JSON object', () => {
    expect(reportJson(report([DIFFERENT, slice()]))).toMatchObject({
      verdict: 'attention',
      employees: {
        rows: 1_000,
        missing: 1,
        extra: 0,
        different: 1,
        held: 12,
        causes: { lost: 1 },
        heldBy: { salaryAbove: 12 },
      },
      salaries: { files: 3 },
    });
  });
});
