import type { FileVersion } from './salary-record.ts';

/** One version of an object that arrived in the bucket, as its event or a listing describes it. */
export interface FileArrival extends FileVersion {
  /** S3's version id; `null` where the bucket keeps no versions, so that the ETag pins the bytes. */
  readonly versionId: string | null;
  /** Orders the events of one key; `null` when a listing of the bucket found the object. */
  readonly sequencer: string | null;
  readonly eTag: string;
  readonly sizeBytes: number;
  /** When the event that reports the version was sent, as ISO 8601; absent where that is unknown. */
  readonly sentAt?: string | undefined;
}

/** Counts of a file's rows. At every position of the file, read = filteredOut + rejected + sent. */
export interface RowCounts {
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
}

/**
 * The state of a version. Every state is final, except `loading` and except `complete`, which becomes `superseded` when a
 * newer version takes over.
 */
export type FileState = 'loading' | 'complete' | 'rejected' | 'superseded' | 'unchanged';

/**
 * How many times longer than the heartbeat of a file the event of a file may be missing. Lambda retries an event after one
 * minute and after two more, and each attempt may take a minute.
 */
export const RETRY_WINDOW_FACTOR = 5;
