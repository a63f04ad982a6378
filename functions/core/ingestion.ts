import type { FileVersion } from './salary-record.ts';

/** One object version as an event tells it. */
export interface FileArrival extends FileVersion {
  /** S3's version id; `null` where the bucket keeps no versions, and the ETag is what pins the bytes. */
  readonly versionId: string | null;
  /** Orders the events of one key; `null` when the object was found by listing the bucket. */
  readonly sequencer: string | null;
  readonly eTag: string;
  readonly sizeBytes: number;
}

/** read = filteredOut + rejected + sent at the end of the file. */
export interface RowCounts {
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
}

/**
 * What became of a version. Only `loading` may change again, and a `complete` one to `superseded` when a newer version
 * takes over.
 */
export type FileState = 'loading' | 'complete' | 'rejected' | 'superseded' | 'unchanged';
