import type { Progress } from '../core/change-position.ts';
import { assertSameSource, type Position } from '../core/change-position.ts';
import { type CapturedChange, changeEncoder, changeKey, encodeSnapshotEnd } from '../core/employee-change.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { ChangeSource } from '../ports/change-source.ts';

/** What one step of reading gives. */
export interface ReadResult {
  readonly records: readonly OutgoingRecord[];
  readonly changeCount: number;
  /** How far the source is read once the records are acknowledged. */
  readonly progress: Progress;
  /** Whether more is known to wait, so that it can be read while these records are acknowledged. */
  readonly hasMore: boolean;
}

/** The server was started anew since the position was taken: what was not saved must be read again. */
export class SourceRestartedError extends Error {
  override readonly name = 'SourceRestartedError';
}

/** Reads the source step by step from a position: chunks of the snapshot, then what has changed, paged when it is much. */
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

  async read(progress: Progress): Promise<ReadResult> {
    if (progress.phase === 'snapshot') return this.#readChunk(progress);
    return progress.page === null ? this.#readDifference(progress) : this.#readPage(progress, progress.page);
  }

  async #readChunk(progress: Extract<Progress, { phase: 'snapshot' }>): Promise<ReadResult> {
    const rows = await this.#source.readSnapshotChunk(progress.afterEmpId);
    const records = this.#toRecords(rows);
    if (rows.length === this.#source.pageSize) {
      const afterEmpId = rows.at(-1)?.empId ?? null;
      return { records, changeCount: rows.length, progress: { ...progress, afterEmpId }, hasMore: true };
    }
    const end = encodeSnapshotEnd(
      this.#position.epoch,
      this.#partitionCount,
      new Date(Number(this.#position.epoch)).toISOString(),
    );
    return {
      records: [...records, ...this.#toEveryPartition(end)],
      changeCount: rows.length,
      progress: { phase: 'stream', since: progress.since, page: null },
      hasMore: true,
    };
  }

  async #readDifference(progress: Extract<Progress, { phase: 'stream' }>): Promise<ReadResult> {
    const difference = await this.#source.readDifference(progress.since);
    if (difference.serverStartedAt !== this.#serverStartedAt) {
      throw new SourceRestartedError('the source database was started anew; going on from the saved position');
    }
    assertSameSource(this.#position, { ...this.#position, saveNumber: difference.saveNumber });
    if (difference.changes !== null) {
      return {
        records: this.#toRecords(difference.changes),
        changeCount: difference.changes.length,
        progress: { phase: 'stream', since: difference.snapshot, page: null },
        hasMore: false,
      };
    }
    const range = await this.#source.measureDifference(progress.since, difference.snapshot);
    const page = range && {
      until: difference.snapshot,
      afterChangeId: String(BigInt(range.first) - 1n),
      lastChangeId: range.last,
    };
    return { records: [], changeCount: 0, progress: { ...progress, page }, hasMore: true };
  }

  async #readPage(
    progress: Extract<Progress, { phase: 'stream' }>,
    page: NonNullable<Extract<Progress, { phase: 'stream' }>['page']>,
  ): Promise<ReadResult> {
    const changes = await this.#source.readPage(progress.since, page.until, page.afterChangeId, page.lastChangeId);
    const afterChangeId = changes.at(-1)?.changeId;
    const drained =
      changes.length < this.#source.pageSize || afterChangeId === undefined || afterChangeId === page.lastChangeId;
    return {
      records: this.#toRecords(changes),
      changeCount: changes.length,
      progress: drained
        ? { phase: 'stream', since: page.until, page: null }
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

  /** What concerns all employees goes to every partition, so that none of them waits for another. */
  #toEveryPartition(value: string): OutgoingRecord[] {
    return Array.from({ length: this.#partitionCount }, (_, partition) => ({ key: null, value, partition }));
  }
}
