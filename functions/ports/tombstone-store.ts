/**
 * The replica's tombstones: the versions of deleted employees. They prevent an older change that is delivered
 * late from inserting a deleted employee again.
 *
 * Concurrency: may run at the same time as any transaction of the replica, and waits for none of them.
 *
 * @throws every method, when the replica is unreachable, or when its tables do not fit.
 */
export interface TombstoneStore {
  /**
   * Returns the time before which tombstones are `retentionDays` old, or null when a call within the last hour has
   * returned it already. A clock that is set ahead makes them older by two hours for each call at most.
   */
  claimCleaning(retentionDays: number): Promise<Date | null>;

  /** Deletes some tombstones of changes that were applied before. `isComplete`: it has left none, except locked ones. */
  deleteTombstones(appliedBefore: Date): Promise<{ readonly deleted: number; readonly isComplete: boolean }>;
}
