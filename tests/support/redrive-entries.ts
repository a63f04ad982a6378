import type { FileArrival, FileState } from '../../functions/core/ingestion.ts';
import type { OffsetRange } from '../../functions/core/offset-range.ts';
import type {
  ClaimedDeadLetter,
  FailedFile,
  Redrive,
  RedriveCount,
  RedriveFilter,
  RedriveRefusal,
} from '../../functions/core/redrive.ts';
import { compareSequencers } from '../../functions/core/sequencer.ts';
import type { DeadLetterPosition, PublishedPosition, RedriveOutcome } from '../../functions/ports/redrive-ledger.ts';
import type { AwaitedOutcomes } from '../../functions/ports/redrive-outcomes.ts';
import { BUCKET_OF_FILES, type RedriveEntry } from '../contract/redrive-ledger-subject.ts';

export interface StoredEntry extends RedriveEntry {
  attempts: number;
  state: string;
  code: string;
  redriveId?: string;
  to: PublishedPosition | null;
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

export function isSelected(entry: StoredEntry, { topic, codes, key, file, ids }: RedriveFilter): boolean {
  return (
    (entry.state === 'open' || (ids !== undefined && entry.state === 'parked')) &&
    (topic ?? entry.topic) === entry.topic &&
    (codes ?? [entry.code]).includes(entry.code) &&
    (key ?? entry.key) === entry.key &&
    (file ?? entry.file?.key) === entry.file?.key &&
    (ids ?? [entry.dlqId]).includes(entry.dlqId)
  );
}

export function mergeRefused(
  known: readonly RedriveRefusal[],
  refused: RedriveOutcome['refused'],
): readonly RedriveRefusal[] {
  return refused.reduce((merged, { dlqId, refusal }) => {
    const same = merged.find(({ code, reason }) => code === refusal.code && reason === refusal.reason);
    const others = merged.filter((each) => each !== same);
    return [...others, { ...refusal, count: (same?.count ?? 0) + 1, ids: [...(same?.ids ?? []), dlqId] }];
  }, known);
}

export function claimedEntry(entry: StoredEntry, failedFile: FailedFile | null): ClaimedDeadLetter {
  const { dlqId, topic, partition, offset, attempts, file } = entry;
  return {
    ...{ dlqId, topic, partition, offset: BigInt(offset), attempts, firstAt: '2026-01-01T00:00:00.000Z' },
    ...{ payloadBytes: 10, row: file?.row ?? null, file: failedFile },
    kind: file === undefined ? 'record' : file.row === undefined ? 'file' : 'row',
  };
}

/** By topic and partition. */
export function awaitedOutcomes(all: readonly StoredEntry[]): AwaitedOutcomes[] {
  const awaited = all.filter(({ state, to }) => state === 'redriven' && to !== null);
  return [...Map.groupBy(awaited, ({ to }) => `${to?.topic}/${to?.partition}`).values()].map((entries) => {
    const { topic: deadLetterTopic, to } = entries[0] as StoredEntry;
    const offsets = entries.map((entry) => Number(entry.to?.offset));
    const range = { first: BigInt(Math.min(...offsets)), next: BigInt(Math.max(...offsets) + 1) };
    const topicIds = [...new Set(entries.map((entry) => entry.to?.topicId ?? ''))];
    return { topic: to?.topic ?? '', deadLetterTopic, partition: to?.partition ?? 0, topicIds, offsets: range };
  });
}

/** Whether a newer version has replaced the file of an entry that is not decided. */
export function isReplaced({ state }: StoredEntry, file: StoredFile | undefined, all: readonly StoredFile[]): boolean {
  if (!file || !['open', 'parked', 'redriven'].includes(state)) return false;
  const current = all.findLast((each) => each.key === file.key && each.state === 'complete');
  const isOlder = current !== undefined && compareSequencers(file.version, current.version) < 0;
  return file.state === 'superseded' || (file.state === 'rejected' && isOlder);
}
