import type { Attention } from '../../../functions/core/verdict.ts';
import type { RenderOptions } from '../status/render-verdict.ts';
import type { StackStatus } from '../status/stack-status.ts';
import { formatAge, formatCount, formatDuration, formatNumber, formatRate } from '../terminal/figures.ts';
import { printable } from '../terminal/style.ts';

const GAP = '   ';

/** The state of a running stack on one line. */
export function renderState(
  { source, target }: StackStatus,
  attention: readonly Attention[],
  { paint, width = Infinity, now }: RenderOptions,
): string {
  const [first, ...others] = attention;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` and ${formatNumber(others.length, 'more thing')}`;
    const age = first.since === null ? '' : `, for ${formatAge(first.since, now)}`;
    const command = '→ npm run status';
    const text = cut(`${printable(first.subject)}${age}${more}`, width - command.length - GAP.length - 2);
    return `${paint('attention', '●')} ${paint('attention', text)}${GAP}${paint('strong', command)}`;
  }
  const loading = target?.files.filter(({ state }) => state === 'loading').length ?? 0;
  const figures = [
    'All is well',
    ...(source === null ? [] : [`lag ${formatDuration(source.oldestAgeMs ?? 0)}`]),
    ...(target?.latency ? [`p99 ${formatDuration(target.latency.p99Ms)}`, formatRate(target.changesPerSecond)] : []),
    ...(loading === 0 ? [] : [`${formatNumber(loading, 'file')} loading`]),
    ...(target === null ? [] : [`${formatCount(employeesOf(target))} salaries`]),
    'Ctrl-C stops',
  ];
  return `${paint('good', '●')} ${cut(figures.join(GAP), width - 2)}`;
}

function employeesOf({ totals }: NonNullable<StackStatus['target']>): bigint {
  return totals.reduce((sum, { employee_count }) => sum + BigInt(employee_count), 0n);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
