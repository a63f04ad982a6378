import { causeText, summarizeAgreement } from '../../../functions/core/agreement.ts';
import type { DifferenceCause, DifferenceSample } from '../../../functions/core/verification.ts';
import { commandFor } from '../stage/stage-options.ts';
import { formatCount, formatDuration, formatNumber } from '../terminal/figures.ts';
import type { Paint } from '../terminal/style.ts';
import { type Column, formatTable } from '../terminal/table.ts';
import type { VerifiedEmployees, VerifiedSalaries } from './verify-function.ts';

export interface VerifyReport {
  readonly employees: VerifiedEmployees;
  readonly salaries: VerifiedSalaries;
  /** Whether a repair is only planned. */
  readonly isDryRun: boolean;
}

interface Format {
  readonly paint: Paint;
  readonly width: number | undefined;
  /** The deployed stage that the report is about. */
  readonly stage?: string | undefined;
}

const SAMPLE_COLUMNS: readonly Column[] = [
  { title: 'KEY', align: 'right' },
  { title: 'ROW' },
  { title: 'CAUSE' },
  { title: 'COLUMNS', shrinks: true },
];
const FINDING_COLUMNS: readonly Column[] = [{ title: 'SALARIES OF' }, { title: 'FINDING', shrinks: true }];

export function totalsOf({ slices }: VerifiedEmployees) {
  const none = { checkedAt: new Date(0), differsSince: null };
  const sum = (field: 'ranges' | 'missing' | 'extra' | 'different') =>
    slices.reduce((total, slice) => total + slice[field], 0);
  return {
    ...summarizeAgreement({ slices: slices.map((slice) => ({ ...slice, ...none })) }),
    ...{ ranges: sum('ranges'), missing: sum('missing'), extra: sum('extra'), changed: sum('different') },
  };
}

/** Whether both sides are proven to agree. */
export function isWell({ employees, salaries }: VerifyReport): boolean {
  const { different, unsettled } = totalsOf(employees);
  return different === 0 && unsettled === 0 && salaries.differences === 0 && employees.obstacles.length === 0;
}

/** The report as one JSON object. */
export function reportJson(report: VerifyReport): object {
  const { employees, salaries, isDryRun } = report;
  const { rows, ranges, missing, extra, changed, held, unsettled, causes, heldBy, samples } = totalsOf(employees);
  return {
    verdict: isWell(report) ? 'well' : 'attention',
    employees: {
      ...{ rows, ranges, seconds: employees.seconds, missing, extra, different: changed, held, unsettled },
      ...{ causes: Object.fromEntries(causes), heldBy: Object.fromEntries(heldBy), samples },
      repaired: employees.repaired,
    },
    salaries,
    obstacles: employees.obstacles,
    dryRun: isDryRun,
  };
}

/** The report for a person: the verdict first, then what differs. */
export function reportText(report: VerifyReport, format: Format): string {
  const { employees, salaries } = report;
  const { paint } = format;
  const totals = totalsOf(employees);
  const { rows, ranges, missing, extra, changed, held, heldBy, unsettled, samples } = totals;
  const counts = [
    [missing, 'missing'],
    [extra, 'extra'],
    [changed, 'different'],
    [unsettled, 'unsettled'],
  ] as const;
  const heldText = held === 0 ? '' : `   ${formatCount(held)} held by ${heldBy.map(([holder]) => holder).join(', ')}`;
  return [
    ...verdictLines(report, format),
    ...employees.obstacles.map(({ code, message }) => `  ${message} (${code})`),
    '',
    `${paint('dim', 'EMPLOYEES')}  ${formatNumber(rows, 'row')} in ${formatNumber(ranges, 'range')}, ${formatDuration(employees.seconds * 1_000)}` +
      `   ${counts.map(([count, name]) => `${formatCount(count)} ${name}`).join('   ')}${heldText}`,
    `${paint('dim', 'SALARIES')}   ${formatNumber(salaries.rows, 'row')} of ${formatNumber(salaries.files, 'file')}` +
      `   ${formatNumber(salaries.differences, 'difference')}`,
    ...(samples.length === 0 ? [] : ['', formatTable(SAMPLE_COLUMNS, samples.map(sampleCells), format)]),
    ...(salaries.findings.length === 0
      ? []
      : [
          '',
          formatTable(
            FINDING_COLUMNS,
            salaries.findings.map(({ subject, message }) => [subject, message]),
            format,
          ),
        ]),
  ].join('\n');
}

function verdictLines(report: VerifyReport, { paint, stage }: Format): string[] {
  const { employees, salaries, isDryRun } = report;
  const { different, unsettled, missing, changed, extra, causes } = totalsOf(employees);
  const { images, deletions, leftByTime, leftByLock } = employees.repaired;
  const repairs =
    images + deletions + salaries.repaired.totals + salaries.repaired.files + salaries.repaired.superseded;
  const done =
    repairs === 0
      ? []
      : [
          `  repaired: ${formatNumber(images, 'row')} captured again, ${formatNumber(deletions, 'deletion')} captured, ` +
            `${formatNumber(salaries.repaired.totals, 'total')} computed again, ` +
            `${formatNumber(salaries.repaired.files, 'file')} to be loaded again`,
        ];
  const left = [
    ...(leftByTime > 0 ? [`${formatNumber(leftByTime, 'row')} left, because the time of the function was over`] : []),
    ...(leftByLock > 0 ? [`${formatNumber(leftByLock, 'row')} left, because writers kept employees locked`] : []),
  ];
  if (left.length > 0) done.push(`  the repair is not finished: ${left.join('; ')}; run it again`);
  // Those that a repair has captured and that differ nevertheless.
  const again = images + deletions === 0 ? 0 : different - leftByTime - leftByLock;
  if (again > 0) {
    done.push(
      `  ${formatNumber(again, 'row')} ${again === 1 ? 'does' : 'do'} not stay repaired: find what changes ` +
        `${again === 1 ? 'it' : 'them'} in B, such as a trigger, before the next repair`,
    );
  }
  if (isWell(report)) return [`${paint('good', '● well')}  both databases agree`, ...done];
  const found = [
    ...(different > 0
      ? [
          `${formatNumber(different, 'employee')} ${different === 1 ? 'differs' : 'differ'}: ` +
            causes.map(([cause, count]) => `${formatCount(count)} ${causeText(cause)}`).join(', '),
        ]
      : []),
    ...(unsettled > 0
      ? [`${formatNumber(unsettled, 'employee')} had not arrived in time, so that nothing is known of them yet`]
      : []),
    ...(salaries.differences > 0 ? [`salaries differ in ${formatNumber(salaries.differences, 'place')}`] : []),
    ...(employees.obstacles.length > 0 ? ['what the comparison needs is not as it should be:'] : []),
  ];
  const plan =
    isDryRun && different > 0
      ? [
          `  --repair would capture ${formatNumber(missing + changed, 'row')} again and ${formatNumber(extra, 'deletion')}`,
        ]
      : [];
  const canRepair = different + salaries.differences > 0;
  const remedy = canRepair ? `  ${paint('dim', `→ ${commandFor('npm run verify -- --repair', stage)}`)}` : '';
  return [`${paint('attention', '● attention')}  ${found.join('; ')}${remedy}`, ...plan, ...done];
}

function sampleCells({ empId, kind, cause, columns }: DifferenceSample): string[] {
  return [String(empId), kind, isCause(cause) ? causeText(cause) : cause, columns.join(', ')];
}

function isCause(cause: string): cause is DifferenceCause {
  return causeText(cause as DifferenceCause) !== undefined;
}
