import {
  assertSameSource,
  type DifferencePage,
  type Position,
  type Progress,
  type SnapshotProgress,
  type StreamProgress,
} from '../core/change-position.ts';
import { type CapturedChange, changeEncoder, changeKey, encodeSnapshotEnd } from '../core/employee-change.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { ChangeSource } from '../ports/change-source.ts';

/** What one read returns. */
export interface ReadResult {
  readonly records: readonly OutgoingRecord[];
  readonly changeCount: number;
  /** Valid once the records are acknowledged. */
  readonly progress: Progress;
  /** Whether there is more to read at once. `false` means: read again at the next tick. */
  readonly hasMore: boolean;
}

/** The server was restarted, which invalidates every snapshot since the last save. */
export class SourceRestartedError extends Error {
  override readonly name = 'SourceRestartedError';
}

/** Changes are missing or cannot be ordered, so that only a new snapshot makes the target equal to the source again. */
export class CaptureGapError extends Error {
  override readonly name = 'CaptureGapError';
}

/** Reads the source from a position on, as records: the chunks of a snapshot, and then one difference after another. */
export class ChangeReader {
  readonly #source: ChangeSource;
  readonly #position: Position;
  readonly #serverStartedAt: string;
  readonly #partitionCount: number;
  readonly #encode: (change: CapturedChange) => string;

  constructor(source: ChangeSource, position: Position, serverStartedAt: string, partitionCount: number) {
    this.#source = source;
    this.#position = position;
    this.#serverStartedAt = serverStartedAt;
    this.#partitionCount = partitionCount;
    this.#encode = changeEncoder(position.epoch);
  }

  /**
   * @throws SourceRestartedError when the server was restarted; the caller resumes from the saved position.
   * CaptureGapError when the ids of the changes run backwards. PipelineError when the position is not valid on the source
   * any more.
   */
  async read(progress: Progress): Promise<ReadResult> {
    if (progress.phase === 'snapshot') return this.#readSnapshotChunk(progress);
    return progress.page === null ? this.#readDifference(progress) : this.#readPage(progress, progress.page);
  }

  async #readSnapshotChunk(progress: SnapshotProgress): Promise<ReadResult> {
    const employees = await this.#source.readSnapshotChunk(
      progress.afterEmpId,
      progress.hasRestartedIds ? progress.since : null,
    );
    const records = this.#toRecords(employees);
    const changeCount = employees.length;
    if (employees.length === this.#source.pageSize) {
      const afterEmpId = employees.at(-1)?.empId ?? null;
      return { records, changeCount, progress: { ...progress, afterEmpId }, hasMore: true };
    }
    return {
      records: [...records, ...this.#toEveryPartition(this.#snapshotEnd())],
      changeCount,
      progress: { phase: 'stream', since: progress.since, page: null },
      hasMore: true,
    };
  }

  async #readDifference(progress: StreamProgress): Promise<ReadResult> {
    const { changes, snapshot, saveNumber, serverStartedAt, lastGivenId } = await this.#source.readDifference(
      progress.since,
    );
    if (serverStartedAt !== this.#serverStartedAt) {
      throw new SourceRestartedError('the source database was restarted; polling resumes from the saved position');
    }
    assertSameSource(this.#position, { ...this.#position, saveNumber });
    assertIdsNotSetBack(progress, lastGivenId);
    if (changes === null) return this.#beginPaging(progress, snapshot);
    return {
      records: this.#toRecords(changes),
      changeCount: changes.length,
      progress: endOfDifference(progress, snapshot, changes.at(-1)?.changeId),
      hasMore: false,
    };
  }

  /** All pages use one pair of snapshots, so that changes committed meanwhile belong to the next difference. */
  async #beginPaging(progress: StreamProgress, until: string): Promise<ReadResult> {
    const range = await this.#source.measureDifference(progress.since, until);
    const page = range && { until, afterChangeId: String(BigInt(range.first) - 1n), lastChangeId: range.last };
    return { records: [], changeCount: 0, progress: { ...progress, page }, hasMore: true };
  }

  async #readPage(progress: StreamProgress, page: DifferencePage): Promise<ReadResult> {
    const changes = await this.#source.readPage(progress.since, page.until, page.afterChangeId, page.lastChangeId);
    const afterChangeId = changes.at(-1)?.changeId;
    const isLastPage =
      changes.length < this.#source.pageSize || afterChangeId === undefined || afterChangeId === page.lastChangeId;
    return {
      records: this.#toRecords(changes),
      changeCount: changes.length,
      progress: isLastPage
        ? endOfDifference(progress, page.until, page.lastChangeId)
        : { ...progress, page: { ...page, afterChangeId } },
      hasMore: true,
    };
  }

  #toRecords(changes: readonly CapturedChange[]): OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    for (const change of changes) {
      const value = this.#encode(change);
      if (change.action === 'TRUNCATE') records.push(...this.#toEveryPartition(value));
      else records.push({ key: changeKey(change), value });
    }
    return records;
  }

  #snapshotEnd(): string {
    const { epoch } = this.#position;
    return encodeSnapshotEnd(epoch, this.#partitionCount, new Date(Number(epoch)).toISOString());
  }

  /** A record that concerns all employees goes to every partition, so that no partition has to wait for another. */
  #toEveryPartition(value: string): OutgoingRecord[] {
    return Array.from({ length: this.#partitionCount }, (_, partition) => ({ key: null, value, partition }));
  }
}

function endOfDifference({ greatestChangeId }: StreamProgress, since: string, lastChangeId?: string): StreamProgress {
  const greatest = [greatestChangeId, lastChangeId]
    .filter((id) => id !== undefined)
    .reduce<string | undefined>((a, b) => (a === undefined || BigInt(b) > BigInt(a) ? b : a), undefined);
  return { phase: 'stream', since, page: null, ...(greatest !== undefined && { greatestChangeId: greatest }) };
}

/** The target would ignore a change whose id is not greater than those that it has applied, as an old one. */
function assertIdsNotSetBack({ greatestChangeId }: StreamProgress, lastGivenId: string | null): void {
  if (greatestChangeId === undefined || BigInt(lastGivenId ?? 0) >= BigInt(greatestChangeId)) return;
  throw new CaptureGapError(
    `the sequence of emp_cdc.cdc_id was set back: expected it at ${greatestChangeId} or above, found ${lastGivenId ?? 'no id'}`,
  );
}
