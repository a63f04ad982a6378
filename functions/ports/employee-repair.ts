/** How many changes were captured, and the last one; `null` of none. */
export interface CapturedRepair {
  readonly count: number;
  readonly lastChangeId: bigint | null;
}

/**
 * Captures changes for employees whose rows differ in the replica, so that the pipeline corrects them like any other
 * change. The source's rows stay as they are.
 *
 * Order: the change has a greater id than every change that is committed before, and a lower one than every later one.
 * Duplicates: a repetition captures the row again, which changes nothing in the replica.
 * Concurrency: calls may overlap with writers. Each call is one transaction.
 *
 * @throws every method, when the source is unreachable.
 */
export interface EmployeeRepair {
  /** For those that the source has. Leaves out rows that another transaction is writing: their change is on its way. */
  publishImages(empIds: readonly number[]): Promise<CapturedRepair>;

  /**
   * For those that the source does not have. Writers wait for at most a tenth of a second at a time.
   *
   * @returns `null` when writers keep the table locked for seconds. Nothing is captured then.
   */
  publishDeletions(empIds: readonly number[]): Promise<CapturedRepair | null>;
}
