/**
 * The replica's tombstones: the versions of deleted employees. They prevent an older change that is delivered
 * late from inserting a deleted employee again.
 *
 * Concurrency: may run at the same time as any transaction of the replica, and waits for none of them.
 */
export interface TombstoneStore {
  /**
   * Deletes some tombstones that are older, and returns how many. It may leave some for a later call. A clock that is set
   * ahead makes them older by two hours for each call at most.
   */
  deleteTombstones(olderThanDays: number): Promise<number>;
}
