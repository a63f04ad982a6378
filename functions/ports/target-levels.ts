/** What in the target may need an operator, as numbers. */
export interface Levels {
  readonly deadLettersOpen: number;
  /** Since the open dead letter that has waited longest failed last; 0 without one. */
  readonly openDeadLetterAgeSeconds: number;
  readonly deadLettersParked: number;
  /** Rows of the replica that are proven to differ. */
  readonly replicaDifferences: number;
  /** Totals and counts of the salaries that differ. */
  readonly salaryDifferences: number;
  /**
   * Since the part of the employees or salaries that was not verified for the longest time was verified; since the target
   * can keep such results when a part never was.
   */
  readonly verificationAgeSeconds: number;
}

/**
 * Concurrency: calls may overlap.
 *
 * @throws when the target is unreachable.
 */
export interface TargetLevels {
  read(): Promise<Levels>;
}
