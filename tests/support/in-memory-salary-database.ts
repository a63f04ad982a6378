import type { FileArrival, FileState, RowCounts } from '../../functions/core/ingestion.ts';
import type { FileVersion, SalaryRecord } from '../../functions/core/salary-record.ts';

/** One version of a key, as table `ingested_file` and the rows of its employees hold it. */
export interface IngestedFile {
  readonly arrival: FileArrival;
  state: FileState;
  counts: RowCounts;
  /** Whether `finish` has recorded the end of the file. */
  isEnded: boolean;
  startedAt: Date;
  heartbeatAt: Date;
  /** When the latest event for the version was sent; `null` where it is unknown. */
  requestedAt: Date | null;
  /** When processing began; `null` after a request, until it begins. */
  begunAt: Date | null;
  /** When rows of it were found to be lost; `null` when that has not happened. */
  rowsLostAt: Date | null;
  readonly rows: Map<number, SalaryRecord>;
  readonly refusedRows: Set<number>;
  loadedCount: number;
  refusedCount: number;
}

/** What table `ingested_key` holds of one key. */
export interface IngestedKey {
  currentFile: IngestedFile | null;
  latestSequencer: string | null;
}

export const NO_ROWS: RowCounts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };

/** The target database of the salaries pipeline in memory, behind the three ports that use it. */
export class InMemorySalaryDatabase {
  readonly files = new Map<string, IngestedFile>();
  readonly keys = new Map<string, IngestedKey>();
  #lastTransaction: Promise<unknown> = Promise.resolve();

  /** Runs transactions one after another, as the locks of the keys make them. */
  transaction<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const transaction = this.#lastTransaction.then(work);
    this.#lastTransaction = transaction.catch(() => {});
    return transaction;
  }

  addFile(arrival: FileArrival, state: FileState): void {
    const now = new Date();
    this.files.set(identify(arrival), {
      arrival,
      state,
      counts: NO_ROWS,
      isEnded: false,
      startedAt: now,
      heartbeatAt: now,
      requestedAt: arrival.sentAt === undefined ? null : new Date(arrival.sentAt),
      begunAt: now,
      rowsLostAt: null,
      rows: new Map(),
      refusedRows: new Set(),
      loadedCount: 0,
      refusedCount: 0,
    });
  }

  findFile(version: FileVersion): IngestedFile | undefined {
    return this.files.get(identify(version));
  }

  /** @throws when the version is not registered. */
  file(version: FileVersion): IngestedFile {
    const file = this.findFile(version);
    if (file === undefined) throw new Error(`expected version ${version.version} of ${version.key} to be registered`);
    return file;
  }

  key({ bucket, key }: FileVersion): IngestedKey {
    const identity = JSON.stringify([bucket, key]);
    const known = this.keys.get(identity) ?? { currentFile: null, latestSequencer: null };
    this.keys.set(identity, known);
    return known;
  }

  isCurrent(file: IngestedFile): boolean {
    return this.key(file.arrival).currentFile === file;
  }

  /** Completes a file whose rows are all accounted for. */
  completeWhenDone(file: IngestedFile): void {
    const isDone = file.loadedCount + file.refusedCount === file.counts.sent;
    if (file.state === 'loading' && file.isEnded && isDone) file.state = 'complete';
  }

  removeRows(file: IngestedFile): void {
    file.rows.clear();
    file.refusedRows.clear();
  }

  totals(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const { rows } of this.files.values()) {
      for (const { department, salary } of rows.values()) totals[department] = (totals[department] ?? 0) + salary;
    }
    return totals;
  }
}

function identify({ bucket, key, version }: FileVersion): string {
  return JSON.stringify([bucket, key, version]);
}
