import { summarizeAgreement } from '../../../functions/core/agreement.ts';
import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_TOPIC,
} from '../../../functions/core/topics.ts';
import type { Attention } from '../../../functions/core/verdict.ts';
import type { DeadLetterGroup } from '../../../functions/ports/dead-letter-view.ts';
import { formatAge, formatCount, formatDuration, formatNumber, formatRate } from '../terminal/figures.ts';
import { type Cell, type Column, formatTable } from '../terminal/table.ts';
import { type DepartmentTotal, totalsTable } from '../totals-table.ts';
import type { KafkaStatus } from './kafka-status.ts';
import { type RenderOptions, renderVerdict } from './render-verdict.ts';
import { lagsOf, type StackStatus } from './stack-status.ts';
import type { FileStatus, TargetStatus } from './target-status.ts';

/** More files are in `--json`. */
const SHOWN_FILES = 8;
const TOPICS = [CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC, SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC];
const LABEL_WIDTH = 11;
const GAP = '   ';

export interface StatusView {
  readonly status: StackStatus;
  readonly attention: readonly Attention[];
  /** When another poller took over, as far as it was seen; `null` when it was not. */
  readonly handedOverAt: Date | null;
}

/** The screen of `npm run status`: the verdict, a line each for changes and replica, and the tables that are not empty. */
export function renderStatus({ status, attention, handedOverAt }: StatusView, options: RenderOptions): string {
  const { target, kafka } = status;
  const figures = [
    labelled('CHANGES', changesLine(status, handedOverAt, options), options),
    ...(target === null ? [] : [labelled('REPLICA', replicaLine(target, options), options)]),
    ...(target?.agreement.salaries ? [labelled('SALARIES', salariesLine(target, options), options)] : []),
  ];
  const parts = [
    renderVerdict(attention, options),
    figures.filter((line) => line !== '').join('\n'),
    ...(target === null ? [] : [totalsTable(departmentsOf(target), options), filesTable(target.files, options)]),
    ...(kafka === null ? [] : [waitingTable(kafka, options)]),
    ...(target === null ? [] : [codesTable(target.deadLetterCodes, options)]),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** The figures on as many lines as the terminal needs; empty without figures. */
function labelled(label: string, figures: readonly string[], { paint, width = Infinity }: RenderOptions): string {
  const lines: string[] = [];
  for (const figure of figures) {
    const last = lines.at(-1);
    if (last !== undefined && LABEL_WIDTH + last.length + GAP.length + figure.length <= width) {
      lines[lines.length - 1] = `${last}${GAP}${figure}`;
    } else {
      lines.push(figure);
    }
  }
  return lines
    .map((line, index) => `${index === 0 ? paint('dim', label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`)
    .join('\n');
}

function changesLine(
  { source, target, kafka, poller }: StackStatus,
  handedOverAt: Date | null,
  { now }: RenderOptions,
) {
  const lag = source === null ? [] : [`lag ${formatDuration(source.oldestAgeMs ?? 0)}`];
  const backlog = source?.changes ? [`${formatCount(source.changes)}${source.isMore ? '+' : ''} not published`] : [];
  const unread = kafka === null ? 0 : lagOf(kafka, 'apply-changes');
  const latency = target?.latency;
  const quantiles = latency && [
    `p50 ${formatDuration(latency.p50Ms)}`,
    `p99 ${formatDuration(latency.p99Ms)}`,
    `max ${formatDuration(latency.greatestMs)}`,
  ];
  return [
    ...lag,
    ...backlog,
    ...(unread > 0 ? [`${formatCount(unread)} not applied`] : []),
    ...(quantiles ?? (target === null ? [] : ['no changes for 15 min'])),
    ...(target === null || latency === null ? [] : [formatRate(target.changesPerSecond)]),
    ...(poller === null ? [] : [pollerText(poller, handedOverAt, now)]),
  ];
}

function pollerText(poller: NonNullable<StackStatus['poller']>, handedOverAt: Date | null, now: Date): string {
  if (!poller.isPollerRunning) return 'no poller';
  const handOver = handedOverAt === null ? '' : `, ${formatAge(handedOverAt, now)} since hand-over`;
  const { phase, afterEmpId = null } = poller.progress ?? { phase: 'none' };
  if (phase === 'stream') return `poller streaming${handOver}`;
  if (phase !== 'snapshot') return 'poller starting';
  return `snapshot ${afterEmpId === null ? 'begins' : `at emp_id ${formatCount(afterEmpId)}`}${handOver}`;
}

function replicaLine({ agreement }: TargetStatus, { now }: RenderOptions): string[] {
  const { rows, different, held, heldBy, unsettled, newestCheckAt } = summarizeAgreement(agreement);
  if (newestCheckAt === null) return ['not verified yet'];
  const holders = heldBy.length === 1 && heldBy[0] ? ` by ${heldBy[0][0]}` : '';
  return [
    formatNumber(rows, 'row'),
    `${formatCount(different)} different`,
    ...(held > 0 ? [`${formatCount(held)} held${holders}`] : []),
    ...(unsettled > 0 ? [`${formatCount(unsettled)} unsettled`] : []),
    `checked ${formatAge(agreement.oldestCheckedAt ?? newestCheckAt, now)} ago`,
    ...(agreement.oldestCheckedAt === null ? ['not every part yet'] : []),
  ];
}

function salariesLine({ agreement: { salaries } }: TargetStatus, { now }: RenderOptions): string[] {
  if (salaries === null) return [];
  const { rows, files, differences, checkedAt } = salaries;
  return [
    formatNumber(rows, 'row'),
    formatNumber(files, 'file'),
    `${formatCount(differences)} different`,
    `checked ${formatAge(checkedAt, now)} ago`,
  ];
}

function departmentsOf({ totals }: TargetStatus): DepartmentTotal[] {
  return totals.map(({ department, total_salary, employee_count }) => ({
    department,
    total: BigInt(total_salary),
    employees: BigInt(employee_count),
  }));
}

const FILES: readonly Column[] = [
  { title: 'FILE', shrinks: true },
  { title: 'STATE' },
  { title: 'READ', align: 'right' },
  { title: 'FILTERED', align: 'right' },
  { title: 'REJECTED', align: 'right' },
  { title: 'REFUSED', align: 'right' },
  { title: 'LOADED', align: 'right' },
  { title: 'AGE', align: 'right' },
];

function filesTable(files: readonly FileStatus[], options: RenderOptions): string {
  const rows = files
    .slice(0, SHOWN_FILES)
    .map(({ key, state, read, filtered_out, rejected, refused, loaded, started_at }) => [
      key,
      state === 'loading' || state === 'rejected' ? { text: state, role: 'attention' as const } : state,
      ...[read, filtered_out, rejected, refused, loaded].map((count) => formatCount(BigInt(count))),
      formatAge(started_at, options.now),
    ]);
  return tableOf(FILES, rows, options);
}

const WAITING: readonly Column[] = [{ title: 'GROUP' }, { title: 'TOPIC' }, { title: 'WAITING', align: 'right' }];

/** The records of the pipelines' topics that a group has not consumed; other topics of the cluster are not shown. */
function waitingTable(kafka: KafkaStatus, options: RenderOptions): string {
  const rows = lagsOf(kafka)
    .filter(({ topic, lag }) => lag > 0 && TOPICS.includes(topic))
    .map(({ group, topic, lag }) => [group, topic, formatCount(lag)]);
  return tableOf(WAITING, rows, options);
}

function lagOf(kafka: KafkaStatus, name: string): number {
  return lagsOf(kafka).reduce((sum, { group, lag }) => (group === name ? sum + lag : sum), 0);
}

const CODES: readonly Column[] = [
  { title: 'CODE', shrinks: true },
  { title: 'OPEN', align: 'right' },
  { title: 'PARKED', align: 'right' },
  { title: 'REDRIVEN', align: 'right' },
  { title: 'LAST HOUR', align: 'right' },
  { title: 'LAST', align: 'right' },
];

function codesTable(codes: readonly DeadLetterGroup[], options: RenderOptions): string {
  const count = (value: number) => (value === 0 ? '–' : formatCount(value));
  const rows = codes.map(({ code, open, parked, redriven, lastHour, lastAt }) => [
    code,
    ...[open, parked, redriven, lastHour].map(count),
    formatAge(lastAt, options.now),
  ]);
  return tableOf(CODES, rows, options);
}

/** Empty without rows, so that a quiet stack has a short screen. */
function tableOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: RenderOptions): string {
  return rows.length === 0 ? '' : formatTable(columns, rows, options);
}
