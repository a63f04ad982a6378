import type { Comparison, KeyRange, SalaryComparison } from '../core/verification.ts';

export interface CheckedSlice extends Comparison {
  /** From 0 to `SLICE_COUNT` - 1, ascending by key. */
  readonly slice: number;
  readonly range: KeyRange;
  /** When its verification began. */
  readonly checkedAt: Date;
  readonly seconds: number;
}

export interface CheckedSalaries extends SalaryComparison {
  readonly checkedAt: Date;
  readonly seconds: number;
  /** Whether the objects of the bucket were read again. */
  readonly isDeep: boolean;
}

/** What is known about the agreement of both sides. */
export interface Agreement {
  /** When the key that was not verified for the longest time was verified; `null` until every key was verified once. */
  readonly oldestCheckedAt: Date | null;
  /** Ascending by their number; those that were never verified are absent. */
  readonly slices: readonly (CheckedSlice & {
    /** Since when it has proven differences; `null` without any. */
    readonly differsSince: Date | null;
  })[];
  /** `null` before the first verification. */
  readonly salaries:
    | (CheckedSalaries & { readonly differsSince: Date | null; readonly deepCheckedAt: Date | null })
    | null;
}

/**
 * Keeps the result of the last verification.
 *
 * Consistency: `read` sees every result whose recording has resolved.
 * Duplicates: a later result of a slice replaces the earlier one.
 * Concurrency: all calls may overlap.
 *
 * @throws every method, when the store is unreachable.
 */
export interface VerificationStore {
  read(): Promise<Agreement>;

  recordSlice(slice: CheckedSlice): Promise<void>;

  recordSalaries(salaries: CheckedSalaries): Promise<void>;
}
