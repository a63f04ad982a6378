import { differenceCount, SLICE_COUNT } from '../core/verification.ts';
import type { Agreement, CheckedSlice } from '../ports/verification-store.ts';

/** Where a verification begins: a slice, and the last key of the one before. */
export interface SliceStart {
  readonly slice: number;
  readonly after: number | null;
  /** Of a slice whose repair continues. */
  readonly unfinished?: UnfinishedRepair | undefined;
}

/** What the repair of a slice had no time for. */
export interface UnfinishedRepair {
  /** The lowest key that is left. Those below it were repaired: if they differ again, they do not stay repaired. */
  readonly fromKey: number;
  /** Proven differences that the slice was left with. */
  readonly differences: number;
}

/** The greatest `emp_id`. Nothing is above it. */
const LAST_KEY = 2_147_483_647;

/** `null` after the last one. */
export function followerOf({ slice, range }: Pick<CheckedSlice, 'slice' | 'range'>): SliceStart | null {
  return slice === SLICE_COUNT - 1 ? null : { slice: slice + 1, after: range.until ?? LAST_KEY };
}

/**
 * The same slice with what its repair has left; `null` when nothing is left, or when the repair did not get further than
 * the one before. Rows that do not stay repaired would be repeated for ever: the lowest key that is left never falls, and
 * while it stays the differences have to become fewer.
 */
export function repeatedSlice(start: SliceStart, slice: CheckedSlice, lowestLeft: number | null): SliceStart | null {
  if (lowestLeft === null) return null;
  const { unfinished } = start;
  const differences = differenceCount(slice);
  const isFurther = unfinished === undefined || lowestLeft > unfinished.fromKey || differences < unfinished.differences;
  return isFurther ? { ...start, unfinished: { fromKey: lowestLeft, differences } } : null;
}

/**
 * The one after the slice that was verified last; the first one when that was the last of all. A slice with a time in
 * the future was verified before the clock was set back. If it counted as the last one, the same slice would follow
 * each time.
 */
export function nextSlice({ slices }: Agreement, now: Date): SliceStart {
  const known = slices.filter(({ checkedAt }) => checkedAt <= now);
  const [latest] = known.toSorted((a, b) => b.checkedAt.getTime() - a.checkedAt.getTime() || b.slice - a.slice);
  return (latest && followerOf(latest)) ?? { slice: 0, after: null };
}

/**
 * A round takes an hour at most. Results that are older are left from before a pause, or from a time at which the clock was
 * back: otherwise the age of the oldest result would stay an alarm until the round comes back to its slice.
 */
const OVERDUE_MS = 12 * 3_600_000;

/**
 * Slices that a schedule verifies beside the round's next one: those that are overdue, and those whose last verification
 * has found differences. Otherwise a difference that was mended at once would be reported until the round comes back to its
 * slice. Rows that were not settled can wait for the round: they are no alarm, and there are some while much is written.
 */
export function dueSlices({ slices }: Agreement, except: number, now: Date): SliceStart[] {
  const isOverdue = ({ checkedAt }: CheckedSlice) => now.getTime() - checkedAt.getTime() > OVERDUE_MS;
  return slices
    .filter((each) => each.slice !== except)
    .filter((each) => differenceCount(each) > 0 || isOverdue(each))
    .map(({ slice, range }) => ({ slice, after: range.after }));
}
