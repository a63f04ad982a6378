import type { FileArrival } from '../core/ingestion.ts';
import type { FileVersion } from '../core/salary-record.ts';
import type { ListedObject } from './bucket-listing.ts';

/** A file in state `loading` whose end is recorded: all of its rows are published. */
export interface SentFile extends FileVersion {
  /** Whether `recordLostRows` was called for it, and it was not requested since. */
  readonly hasLostRows: boolean;
}

/**
 * Finds the files of one bucket that an outage left unfinished.
 *
 * Duplicates: every call may be repeated.
 * Concurrency: calls may overlap. A file may make progress right after it was returned.
 *
 * @throws every method, when the ledger is unreachable.
 */
export interface UnfinishedFiles {
  /**
   * How long events for transform-csv wait until it begins to process them: the longest wait of those that began within
   * `withinMs`, in milliseconds; 0 when none did.
   */
  queueDelayMs(withinMs: number): Promise<number>;

  /**
   * Those of the listed objects that were put more than `olderThanMs` ago and that the ledger does not account for: no
   * version with their ETag and size is loading, is the current version, or was rejected since they were put. In the
   * order given. Those whose time of the put is in the future by more than five minutes are among them, because the
   * clock was set back.
   */
  findUnreported(objects: readonly ListedObject[], olderThanMs: number): Promise<readonly ListedObject[]>;

  /**
   * Files in state `loading` whose last heartbeat is more than `staleAfterMs` ago, the longest silent first. Progress and
   * the end of the file are heartbeats, and so are rows that are loaded or recorded as refused.
   *
   * A file whose end is recorded waits for load-salaries only and gets ten times as long, because Kafka keeps its
   * records for as long as load-salaries needs. A file that was requested and has not begun gets `RETRY_WINDOW_FACTOR`
   * times as long, because Lambda retries the request. A heartbeat in the future does not count, as above. A file with lost
   * rows is returned whatever its heartbeat.
   */
  findStalled(staleAfterMs: number): Promise<readonly FileArrival[]>;

  /**
   * Records that transform-csv is requested to process a version, so that it is not returned again while the request may
   * still be queued. A version that the ledger does not know is added as `loading`. One that is loading is requested again
   * only if it is silent for `staleAfterMs` or has lost rows, because it may have begun meanwhile. One in a final state
   * keeps it.
   */
  recordRequest(arrival: FileArrival, staleAfterMs: number): Promise<void>;

  findSent(): Promise<readonly SentFile[]>;

  /**
   * Records that load-salaries will not receive the missing rows of these files. Does nothing for a file that is complete
   * meanwhile, and for one for which it was called within `notWithinMs`, because its rows may be on their way again.
   *
   * @returns the files for which it was recorded.
   */
  recordLostRows(files: readonly FileVersion[], notWithinMs: number): Promise<readonly FileVersion[]>;
}
