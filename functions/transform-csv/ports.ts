import type { DeadLetter } from '../core/dead-letter.ts';
import type { ErrorContext } from '../core/errors.ts';
import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { FileVersion } from '../core/salary-record.ts';

/** The bucket, as far as this function reads it. */
export interface ObjectStore {
  /**
   * The bytes of exactly this version from an offset on; none when the offset is the object's end. `null`: the object
   * is gone, or another version is in its place, and so it will stay.
   *
   * @throws while streaming, too: a body that ends before its length is an error and never the end of the file.
   */
  open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null>;
  /** Whether this version is, right now, what the bucket returns for the key. */
  isLatest(file: FileArrival): Promise<boolean>;
}

/** The accounting of files; every answer but `loading` means that this version is done with. */
export interface IngestionLedger {
  /** Makes the version known, or finds what is known of it. `isLatest` is asked when sequencers cannot tell. */
  register(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState>;
  /** After judging: the version becomes its key's current one and replaces the older one. May be repeated. */
  takeOver(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState>;
  /** Heartbeat, with the counts so far, zeros while judging. */
  reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState>;
  /** The end of the file is reached, and every record and dead letter acknowledged. May be repeated. */
  finish(file: FileVersion, counts: RowCounts): Promise<FileState>;
  /** The file is unusable; its dead letter is acknowledged. */
  reject(file: FileVersion): Promise<void>;
  /** The version can no longer be read. */
  supersede(file: FileVersion): Promise<void>;
}

/** Where salary records go. Several publishes may be in flight; order does not matter, a row has an identity. */
export interface RecordPublisher {
  /** Resolves when the broker has acknowledged all records. */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
}

export interface DeadLetterQueue {
  /** Resolves when the broker has acknowledged every letter. */
  publish(letters: readonly DeadLetter[]): Promise<void>;
}

/** Another invocation of this same function. */
export interface Continuation {
  /** Resolves when its event is accepted; from then on it runs, whatever becomes of this one. */
  invoke(event: object): Promise<void>;
}

/** Where the function tells what it does. Never a value of a row. */
export interface Journal {
  info(message: string, context: ErrorContext): void;
  warn(message: string, context: ErrorContext): void;
}

/** How long this invocation may still run. */
export interface Deadline {
  remainingMs(): number;
}
