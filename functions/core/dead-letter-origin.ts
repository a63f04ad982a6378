/** A Kafka record, by its place. */
export interface RecordOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** A row of a file, or a whole file. */
export interface FileOrigin {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** Line of the file at which the row begins, from 1. Absent when no line of a rejected file is at fault. */
  readonly line?: number;
  /** Number of the row, from 1; the header and blank lines are not counted. */
  readonly row?: number;
  /** Offset of the row's first byte, and the offset after its last. */
  readonly byteRange?: readonly [start: number, end: number];
}

/** Where a dead letter's payload came from, precise enough to fetch the whole payload again. */
export type DeadLetterOrigin = RecordOrigin | FileOrigin;

/** What is known of the earlier failures of a record that was a dead letter. */
export interface EarlierFailures {
  readonly id: string;
  /** `at` is ISO 8601; `null` when it is not known. */
  readonly first: { readonly origin: DeadLetterOrigin; readonly at: string | null };
  /** How often it has failed, from 1. */
  readonly attempts: number;
}

export function isRecordOrigin(origin: DeadLetterOrigin): origin is RecordOrigin {
  return 'topic' in origin;
}

/**
 * The id of a failure, which stays the same however often the record, row or file fails:
 * `topic/partition/offset`, `bucket/key@version#row`, or `bucket/key@version` for a whole file.
 */
export function dlqIdOf(origin: DeadLetterOrigin): string {
  if (isRecordOrigin(origin)) return `${origin.topic}/${origin.partition}/${origin.offset}`;
  return `${origin.bucket}/${origin.key}@${origin.version}${origin.row === undefined ? '' : `#${origin.row}`}`;
}

const RECORD_ID = /^([^/]+)\/(\d{1,10})\/(\d{1,19})$/;
/** Neither a version id nor a row number contains `@`, but a key may. */
const FILE_ID = /^([^/]+)\/(.+)@([^@#]+)(?:#(\d{1,10}))?$/s;

/** The origin that `dlqIdOf` has named; `undefined` for another text. */
export function originOfDlqId(id: string): DeadLetterOrigin | undefined {
  const [, topic, partition, offset] = RECORD_ID.exec(id) ?? [];
  if (topic !== undefined) return { topic, partition: Number(partition), offset: offset as string };
  const [, bucket, key, version, row] = FILE_ID.exec(id) ?? [];
  if (bucket === undefined) return undefined;
  const file = { bucket, key: key as string, version: version as string };
  return row === undefined ? file : { ...file, row: Number(row) };
}
