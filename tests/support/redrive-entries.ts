import type { FileArrival, FileState } from '../../functions/core/ingestion.ts';
import type { OffsetRange } from '../../functions/core/offset-range.ts';
import type { FailedFile, Redrive, RedriveCount } from '../../functions/core/redrive.ts';
import type { DeadLetterPosition } from '../../functions/ports/redrive-ledger.ts';
import { BUCKET_OF_FILES, type RedriveEntry } from '../contract/redrive-ledger-subject.ts';

export interface StoredEntry extends RedriveEntry {
  attempts: number;
  state: string;
  code: string;
  redriveId?: string;
  to: DeadLetterPosition | null;
}

export interface StoredFile {
  readonly fileId: string;
  readonly key: string;
  readonly version: string;
  state: string;
  rejected: number;
  filteredOut: number;
}

export type StoredRedrive = { -readonly [Name in keyof Redrive]: Redrive[Name] } & {
  owner: string | null;
  heartbeatMs: number;
};

export function fileArrivalOf({ key, version }: StoredFile): FileArrival {
  return { bucket: BUCKET_OF_FILES, key, version, versionId: null, sequencer: version, eTag: 'e', sizeBytes: 1 };
}

export function failedFileOf({ fileId, state }: StoredFile, arrival: FileArrival): FailedFile {
  return { fileId, state: state as FileState, isEndRecorded: state === 'complete', arrival };
}

export function isInProgress({ state }: StoredRedrive): boolean {
  return state === 'planned' || state === 'running';
}

/** A heartbeat in the future is from before the clock was set back. */
export function isFree({ owner, heartbeatMs }: StoredRedrive, staleAfterMs: number): boolean {
  const ageMs = Date.now() - heartbeatMs;
  return owner === null || ageMs > staleAfterMs || ageMs < -300_000;
}

export function isIn(
  { state, to }: StoredEntry,
  topic: string,
  partition: number,
  { first, next }: OffsetRange,
): boolean {
  return (
    state === 'redriven' && to?.topic === topic && to.partition === partition && to.offset >= first && to.offset < next
  );
}

export function comparePositions(a: DeadLetterPosition, b: DeadLetterPosition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || Number(a.offset - b.offset);
}

export function countsOf(entries: readonly StoredEntry[]): RedriveCount[] {
  const destination = ({ topic, file }: StoredEntry) => {
    if (file === undefined) return topic.replace('.dead-letter', '');
    return file.row === undefined ? 'transform-csv' : 'employee-salaries, judged again';
  };
  const groups = Map.groupBy(entries, (entry) => JSON.stringify([entry.code, destination(entry)]));
  return [...groups.keys()].sort().map((name) => {
    const [code, to] = JSON.parse(name) as [string, string];
    return { code, destination: to, count: groups.get(name)?.length ?? 0 };
  });
}
