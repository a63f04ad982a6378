/**
 * Deletes what is decided and old, in bounded steps, so that the ledger does not grow without limit.
 *
 * Duplicates: every call may be repeated. The counts of the dead letters stay exact.
 *
 * @throws when the ledger is unreachable.
 */
export interface DeadLetterRetention {
  /**
   * Deletes dead letters that have been resolved, obsolete or discarded for more than `days` days, and redrives that
   * ended longer ago and that no dead letter refers to. `isComplete`: the call has found no more of them.
   */
  deleteOlderThan(days: number): Promise<DeletedFromLedger>;
}

interface DeletedFromLedger {
  readonly deadLetters: number;
  readonly redrives: number;
  readonly isComplete: boolean;
}
