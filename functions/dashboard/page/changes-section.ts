import type { Backlog } from '../../ports/capture-backlog.ts';
import type {
  DashboardState,
  GroupProgress,
  LatencyWindow,
  PollerStatus,
  Reading,
} from '../../ports/dashboard-state.ts';
import { LIMIT_MS, latencyChart } from './chart.ts';
import { formatAgo, formatCount, formatDuration } from './format.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { chip, failureNotice, figure, shown } from './section.ts';

export const CHANGES_GROUP_NAME = 'apply-changes';

/** Lag and latency of the changes, their stages from A to B, and the poller. */
export function changesSection({ readings, now }: DashboardState): Markup {
  const { backlog, groups, latency, poller } = readings;
  return html`<header><h2>Changes</h2>${shown(poller, 'the offset table', now, (status) => pollerChip(status, now))}</header>
    ${shown(latency, 'the target database', now, (window) => latencyFigures(window, backlog.value))}
    ${failureNotice(backlog, 'the source database', now)}${failureNotice(groups, 'Kafka', now)}
    ${stages(backlog, groups)}
    ${poller.value === null ? NOTHING : snapshotLine(poller.value)}`;
}

function latencyFigures(latency: LatencyWindow, backlog: Backlog | null): Markup {
  const lagMs = lagNow(latency, backlog);
  return html`<dl class="figures">
      ${figure('Lag now', formatDuration(lagMs), limitKind(lagMs))}
      ${figure('p50', durationOrDash(latency.p50Ms))}
      ${figure('p99', durationOrDash(latency.p99Ms), limitKind(latency.p99Ms))}
      ${figure('Max', durationOrDash(latency.greatestMs), limitKind(latency.greatestMs))}
      ${figure('Changes/s', formatCount(Math.round(latency.perSecond)))}
    </dl>
    <figure>${latencyChart(
      latency.steps.map(({ at, p99Ms }) => ({ at, ms: p99Ms })),
      latency.from,
      latency.until,
    )}<figcaption>p99 from commit in A to applied in B</figcaption></figure>`;
}

/**
 * The age of the oldest change that is not published. The position is saved four times a second only, so that a change
 * below a second old may be in B already: what was measured last is then nearer.
 */
function lagNow({ recentMs }: LatencyWindow, backlog: Backlog | null): number {
  const oldestMs = backlog?.oldestAgeMs ?? 0;
  return oldestMs > LIMIT_MS ? oldestMs : recentMs;
}

function limitKind(ms: number | null): string {
  return ms !== null && ms > LIMIT_MS ? 'bad' : '';
}

function durationOrDash(ms: number | null): string {
  return ms === null ? '–' : formatDuration(ms);
}

/** Where changes wait: captured in A, on the topic, and then in B. */
function stages(backlog: Reading<Backlog>, groups: Reading<readonly GroupProgress[]>): Markup {
  const group = groups.value?.find((each) => each.group === CHANGES_GROUP_NAME);
  const onTopic = group?.isMissing ? undefined : group?.partitions.reduce((sum, { lag }) => sum + lag, 0n);
  const inSource = backlog.value;
  const waiting = (count: string | null, isAny: boolean) =>
    html`<b class="${isAny ? 'some' : ''}">${count ?? '?'}</b> <span class="quiet">waiting</span>`;
  return html`<ol class="stages">
    <li><span class="stage">A</span>${waiting(
      inSource === null ? null : `${formatCount(inSource.changes)}${inSource.isMore ? '+' : ''}`,
      (inSource?.changes ?? 0) > 0,
    )}</li>
    <li><span class="stage">Topic</span>${waiting(onTopic === undefined ? null : formatCount(onTopic), (onTopic ?? 0n) > 0n)}</li>
    <li><span class="stage">B</span><span class="quiet">applied</span></li>
  </ol>`;
}

function pollerChip({ isRunning, phase, handedOverAt }: PollerStatus, now: Date): Markup {
  if (!isRunning) return chip('poller not running', 'bad');
  const handOver =
    handedOverAt === null ? NOTHING : html`<span class="quiet">handed over ${formatAgo(handedOverAt, now)}</span> `;
  return html`<span>${handOver}${phase === 'snapshot' ? chip('snapshot', 'busy') : chip('streaming', 'good')}</span>`;
}

function snapshotLine({ phase, snapshotAfter, isSnapshotRequested }: PollerStatus): Markup {
  if (phase === 'snapshot') {
    const reached = snapshotAfter === null ? 'it has just begun' : `read up to employee ${formatCount(snapshotAfter)}`;
    return html`<p class="note">A snapshot of A is being published: ${reached}. B keeps its rows until it is complete.</p>`;
  }
  return isSnapshotRequested
    ? html`<p class="note">A new snapshot is requested and begins within a minute.</p>`
    : NOTHING;
}
