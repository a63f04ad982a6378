import { scaleLinear, scaleSqrt } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import { formatDuration } from './format.ts';
import { html, type Markup, NOTHING } from './markup.ts';

export interface LatencyPoint {
  readonly at: Date;
  /** `null` when nothing was measured: the line has a gap there. */
  readonly ms: number | null;
}

/** Of the drawing in units that are stretched to the width of the page; the height is in pixels. */
const WIDTH = 600;
const HEIGHT = 160;
const TOP = 16;
const BOTTOM = 22;

/** The promise of the pipeline. */
export const LIMIT_MS = 1_000;

/**
 * The 99th percentile of the latency over a time window, with a mark at one second.
 *
 * The vertical scale is a square root, so that the everyday tens of milliseconds and the limit are visible together. The
 * text of the chart tells the same to screen readers.
 */
export function latencyChart(points: readonly LatencyPoint[], from: Date, until: Date): Markup {
  const measured = points.flatMap(({ ms }) => (ms === null ? [] : [ms]));
  const highest = Math.max(0, ...measured);
  const x = scaleLinear([from.getTime(), until.getTime()], [0, WIDTH]);
  const y = scaleSqrt([0, Math.max(LIMIT_MS * 1.15, highest * 1.05)], [HEIGHT - BOTTOM, TOP]);
  const px = (point: LatencyPoint) => round(x(point.at.getTime()));
  const py = (point: LatencyPoint) => round(y(point.ms ?? 0));
  const isMeasured = (point: LatencyPoint) => point.ms !== null;
  const outline = line<LatencyPoint>(px, py).defined(isMeasured).curve(curveMonotoneX)([...points]) ?? '';
  const shape =
    area<LatencyPoint>(px, HEIGHT - BOTTOM, py)
      .defined(isMeasured)
      .curve(curveMonotoneX)([...points]) ?? '';
  const limitY = round(y(LIMIT_MS));
  return html`<svg class="chart" role="img" aria-labelledby="latency-text">
    <title id="latency-text">${description(measured, from, until)}</title>
    ${gridLine(round(y(100)), '100 ms', 'grid')}
    ${gridLine(limitY, '1 s', highest > LIMIT_MS ? 'limit crossed' : 'limit')}
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" width="100%" height="${HEIGHT}">
      <path class="area" d="${shape}"/><path class="line" d="${outline}"/>
    </svg>
    ${lastPoint(points, px, py)}
    ${timeLabels(from, until)}
  </svg>`;
}

function gridLine(y: number, label: string, kind: string): Markup {
  return html`<line class="${kind}" x1="0" x2="100%" y1="${y}" y2="${y}"/>
    <text class="${kind}" x="100%" y="${y - 4}" text-anchor="end">${label}</text>`;
}

function lastPoint(
  points: readonly LatencyPoint[],
  px: (point: LatencyPoint) => number,
  py: (point: LatencyPoint) => number,
): Markup {
  const last = points.findLast(({ ms }) => ms !== null);
  if (last === undefined) return NOTHING;
  return html`<circle class="dot" cx="${percent(px(last) / WIDTH)}" cy="${py(last)}" r="3.5"/>`;
}

function timeLabels(from: Date, until: Date): readonly Markup[] {
  const spanMs = until.getTime() - from.getTime();
  return [0, 1 / 3, 2 / 3, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    const minutes = Math.round((spanMs * (1 - share)) / 60_000);
    const label = minutes === 0 ? 'now' : share === 0 ? `${minutes} min ago` : `${minutes} min`;
    return html`<text x="${percent(share)}" y="${HEIGHT - 4}" text-anchor="${anchor}">${label}</text>`;
  });
}

function percent(share: number): string {
  return `${round(share * 100)}%`;
}

function description(measured: readonly number[], from: Date, until: Date): string {
  const window = formatDuration(until.getTime() - from.getTime());
  if (measured.length === 0) return `No change was applied in the last ${window}.`;
  const [lowest, highest] = [Math.min(...measured), Math.max(...measured)];
  const verdict = highest > LIMIT_MS ? 'above one second at times' : 'always below one second';
  return (
    `Latency from commit in A to applied in B, 99th percentile over the last ${window}: ` +
    `between ${formatDuration(lowest)} and ${formatDuration(highest)}, ${verdict}.`
  );
}

/** A share between 0 and 1 as a bar. The numbers are in the text beside it. */
export function bar(share: number, kind = ''): Markup {
  const width = round(Math.min(1, Math.max(0, share)) * 100);
  return html`<svg class="bar ${kind}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect class="fill" width="${width}" height="4"/></svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
