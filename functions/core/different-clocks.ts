import type { ObservedClock } from './observation.ts';

const HOUR_MS = 3_600_000;

/** Smaller: a slow response counts as a wrong clock. Larger: times and ages that are wrong by as much are shown as right. */
const MAX_DIFFERENCE_MS = 60_000;

/** Which clocks differ from the observer's, and what to do; `null` when none does. It cannot be known which one is right. */
export function describeDifferentClocks(
  clocks: readonly ObservedClock[],
): { readonly subject: string; readonly message: string } | null {
  const different = clocks.filter(({ aheadMs }) => Math.abs(aheadMs) > MAX_DIFFERENCE_MS);
  if (different.length === 0) return null;
  const found = different.map(
    ({ name, aheadMs }) => `that of ${name} ${formatDifference(Math.abs(aheadMs))} ${sideOf(aheadMs)} it`,
  );
  return {
    subject: different.map(({ name }) => name).join(', '),
    message:
      `expected the clocks of the servers to agree with that of this command, found ${found.join(', ')}: set the ` +
      'clock that is wrong, and keep it right by NTP; until then times and ages are wrong, but changes and files flow',
  };
}

function sideOf(aheadMs: number): string {
  return aheadMs > 0 ? 'ahead of' : 'behind';
}

/** 1 min, 8 h, 2 days */
function formatDifference(ms: number): string {
  if (ms < HOUR_MS) return `${Math.round(ms / 60_000)} min`;
  if (ms < 48 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} h`;
  return `${Math.round(ms / (24 * HOUR_MS)).toLocaleString('en')} days`;
}
