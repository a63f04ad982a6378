import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { FileVersion } from '../core/salary-record.ts';

/** Asks the bucket whether it now returns this version for the key. */
export type IsLatest = () => Promise<boolean>;

/**
 * Records which version of each key is current, and the state of every version.
 *
 * Every method that returns a state means: continue when it is `loading`, and stop when it is anything else, because
 * the version has reached its final state.
 *
 * Duplicates: every call may be repeated, also after an error that leaves open whether it took effect. A repetition
 * returns the present state and changes nothing else, but may be a heartbeat.
 * Concurrency: calls may overlap. Decisions about one key are made one after another.
 *
 * @throws every method, when the ledger is unreachable; every method but `register`, when the version is not registered.
 */
export interface IngestionLedger {
  /**
   * Adds a version to the ledger, or finds it there. Records when its event was sent, and that processing begins now,
   * which is also a heartbeat.
   *
   * A new version is `superseded` when it is older than the greatest sequencer that its key has recorded, `unchanged`
   * when the key's current version has the same ETag and size, and `loading` otherwise. Where one of the two sequencers
   * is missing and the key has a current version, `isLatest` decides instead whether the new one is `superseded`; it is
   * not called otherwise.
   *
   * An `unchanged` version records its sequencer for its key, so that versions older than it are out of date.
   */
  register(arrival: FileArrival, isLatest: IsLatest): Promise<FileState>;

  /**
   * Makes a `loading` version the current one of its key and records its sequencer, unless the rules of `register` now
   * make it `superseded` or `unchanged`. In the same transaction the version that was current until then becomes
   * `superseded`, and its rows leave the tables and the totals. Dead letters of other versions become obsolete.
   */
  takeOver(arrival: FileArrival, isLatest: IsLatest): Promise<FileState>;

  /**
   * Makes a `rejected` version `loading` again, so that it is processed once more, unless the rules of `register` now make
   * it `superseded` or `unchanged`. A version in another state keeps that state.
   */
  reopen(arrival: FileArrival, isLatest: IsLatest): Promise<FileState>;

  /** Records a heartbeat and the counts so far. The counts stay as they are once `finish` has recorded the end. */
  reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState>;

  /**
   * Records the end of the file and its final counts; call it only when Kafka has acknowledged every record and every
   * dead letter of the file. The version is `complete` as soon as the loader has accounted for all rows that were sent.
   *
   * @throws when read = filteredOut + rejected + sent does not hold; nothing is then recorded.
   */
  finish(file: FileVersion, counts: RowCounts): Promise<FileState>;

  /**
   * Ends a `loading` version as `rejected`, because the file is unusable; call it only when its dead letter is
   * acknowledged. A version in another state keeps that state.
   */
  reject(file: FileVersion): Promise<void>;

  /**
   * Ends a `loading` version as `superseded`, because the bucket no longer returns it. If it was the current version,
   * its rows leave the tables and the totals, and its key has no current version. A version in another state keeps that
   * state.
   */
  supersede(file: FileVersion): Promise<void>;
}
