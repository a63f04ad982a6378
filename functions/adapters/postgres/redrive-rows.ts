import { keyText } from '../../core/dead-letter-entry.ts';
import { PipelineError } from '../../core/errors.ts';
import type { FileState } from '../../core/ingestion.ts';
import type { ClaimedDeadLetter, FailedFile, Redrive, RedriveFilter } from '../../core/redrive.ts';

/** A row of `redrive`, with the names of `Redrive`. */
export const REDRIVE_COLUMNS = `redrive_id::text as "redriveId", state, filter, note, rate, counts, claimed, published,
  resolved, failed, refused, obsolete, refusals, ${isoTime('created_at')} as "createdAt", ${isoTime('finished_at')} as "finishedAt"`;

export type RedriveRow = Redrive & Record<string, unknown>;

function isoTime(column: string): string {
  return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What failed last, by the columns of `dead_letter`. */
const KIND = `case when not dead_letter.origin ? 'bucket' then 'record' when file_row is null then 'file' else 'row' end`;

/** Where a redrive sends a dead letter, for the counts of a plan. */
export const DESTINATION = `case ${KIND} when 'record' then regexp_replace(topic, '\\.dead-letter$', '')
  when 'row' then 'employee-salaries, judged again' else 'transform-csv' end`;

/**
 * A condition for the dead letters that a filter selects, with its parameters from `$first` on.
 *
 * `pending` is the first column of the indexes.
 */
export function selection(filter: RedriveFilter, first: number): { condition: string; values: unknown[] } {
  const { topic, codes, key, file, ids } = filter;
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${first - 1 + values.push(value)}`;
  const parts = [
    `pending and state = any(${parameter(ids === undefined ? ['open'] : ['open', 'parked'])}::text[])`,
    topic !== undefined && `topic = ${parameter(topic)}`,
    codes !== undefined && `code = any(${parameter(codes)}::text[])`,
    key !== undefined && `record_key = ${parameter(keyText(key))}`,
    file !== undefined && `file_key = ${parameter(file)}`,
    ids !== undefined && `dlq_id = any(${parameter(ids)}::text[])`,
  ];
  return { condition: parts.filter(Boolean).join(' and '), values };
}

/** The columns of a claimed dead letter, of `dead_letter` joined with `ingested_file as file`. */
export const CLAIMED_COLUMNS = `dlq_id, ${KIND} as kind, topic, kafka_partition, kafka_offset, attempts,
  ${isoTime('first_at')} as first_at, coalesce(payload_bytes, 0) as payload_bytes, file_row,
  file.file_id, file.state as file_state, file.end_recorded, file.version_id, file.sequencer, file.etag, file.size_bytes,
  file_bucket, file_key, file_version`;

export interface ClaimedRow extends Record<string, unknown> {
  readonly dlq_id: string;
  readonly kind: ClaimedDeadLetter['kind'];
  readonly topic: string;
  readonly kafka_partition: number;
  readonly kafka_offset: string;
  readonly attempts: number;
  readonly first_at: string;
  readonly payload_bytes: number;
  readonly file_row: number | null;
  readonly file_id: string | null;
  readonly file_state: FileState;
  readonly end_recorded: boolean;
  readonly version_id: string | null;
  readonly sequencer: string | null;
  readonly etag: string;
  readonly size_bytes: string;
  readonly file_bucket: string;
  readonly file_key: string;
  readonly file_version: string;
}

export function claimedOf(row: ClaimedRow): ClaimedDeadLetter {
  return {
    dlqId: row.dlq_id,
    kind: row.kind,
    topic: row.topic,
    partition: row.kafka_partition,
    offset: BigInt(row.kafka_offset),
    attempts: row.attempts,
    firstAt: row.first_at,
    payloadBytes: row.payload_bytes,
    row: row.file_row,
    file: failedFileOf(row),
  };
}

function failedFileOf(row: ClaimedRow): FailedFile | null {
  if (row.kind === 'record' || row.file_id === null) return null;
  return {
    fileId: row.file_id,
    state: row.file_state,
    isEndRecorded: row.end_recorded,
    arrival: {
      ...{ bucket: row.file_bucket, key: row.file_key, version: row.file_version },
      ...{ versionId: row.version_id, sequencer: row.sequencer, eTag: row.etag, sizeBytes: Number(row.size_bytes) },
    },
  };
}

export function redriveInProgress(redriveId: string | undefined): PipelineError {
  return new PipelineError(
    'PIPE_REDRIVE_IN_PROGRESS',
    `expected no redrive in progress, found redrive ${redriveId ?? 'of another caller'}; wait for it, or cancel it with ` +
      '"npm run redrive -- cancel"',
    { retry: 'manual' },
  );
}
