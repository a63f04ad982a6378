/**
 * The replica's tombstones: the versions of deleted employees. They keep an older change, delivered late, from bringing
 * a deleted employee back.
 *
 * Concurrency: may run beside all transactions of the replica and waits for none of them.
 */
export interface TombstoneStore {
  /** Deletes some tombstones that are older, and returns how many. It may leave some for a later call. */
  deleteTombstones(olderThanDays: number): Promise<number>;
}
