import type { FileArrival, FileState, RowCounts } from '../../functions/core/ingestion.ts';
import type { FileVersion } from '../../functions/core/salary-record.ts';
import { compareSequencers } from '../../functions/core/sequencer.ts';
import type { IngestionLedger, IsLatest } from '../../functions/ports/ingestion-ledger.ts';
import type { InMemorySalaryDatabase } from './in-memory-salary-database.ts';

/** The ingestion ledger in memory. */
export class InMemoryIngestionLedger implements IngestionLedger {
  readonly #database: InMemorySalaryDatabase;
  /** Names of the methods called, in order. */
  readonly calls: (keyof IngestionLedger)[] = [];
  /** Called before each method runs; may throw, as a database that is unreachable does. */
  onCall: (method: keyof IngestionLedger) => void = () => {};

  constructor(database: InMemorySalaryDatabase) {
    this.#database = database;
  }

  async register(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#run('register', async () => {
      const known = this.#database.findFile(arrival);
      if (known?.state === 'loading') {
        Object.assign(known, { heartbeatAt: new Date(), begunAt: known.begunAt ?? new Date() });
      }
      if (known) return known.state;
      const state = await this.#decideState(arrival, isLatest);
      this.#database.addFile(arrival, state);
      return state;
    });
  }

  async takeOver(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#run('takeOver', async () => {
      const file = this.#database.file(arrival);
      const key = this.#database.key(arrival);
      if (file.state !== 'loading' || key.currentFile === file) return file.state;
      file.state = await this.#decideState(arrival, isLatest);
      if (file.state !== 'loading') return file.state;
      if (key.currentFile) {
        key.currentFile.state = 'superseded';
        this.#database.removeRows(key.currentFile);
      }
      key.currentFile = file;
      key.latestSequencer = arrival.sequencer ?? key.latestSequencer;
      return file.state;
    });
  }

  async reopen(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#run('reopen', async () => {
      const file = this.#database.file(arrival);
      if (file.state !== 'rejected') return file.state;
      file.state = await this.#decideState(arrival, isLatest);
      if (file.state === 'loading')
        Object.assign(file, { heartbeatAt: new Date(), requestedAt: new Date(), begunAt: null });
      return file.state;
    });
  }

  async reportProgress(version: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#run('reportProgress', () => {
      const file = this.#database.file(version);
      if (file.state === 'loading' && !file.isEnded) Object.assign(file, { counts, heartbeatAt: new Date() });
      return file.state;
    });
  }

  async finish(version: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#run('finish', () => {
      const file = this.#database.file(version);
      if (file.state !== 'loading') return file.state;
      if (counts.read !== counts.filteredOut + counts.rejected + counts.sent) {
        // As the constraint ingested_file_row_counts does.
        throw Object.assign(new Error('row counts do not add up'), { code: '23514' });
      }
      Object.assign(file, { counts, isEnded: true, heartbeatAt: new Date() });
      this.#database.completeWhenDone(file);
      return file.state;
    });
  }

  async reject(version: FileVersion): Promise<void> {
    await this.#run('reject', () => this.#end(version, 'rejected'));
  }

  async supersede(version: FileVersion): Promise<void> {
    await this.#run('supersede', () => this.#end(version, 'superseded'));
  }

  async #run<Result>(method: keyof IngestionLedger, work: () => Result | Promise<Result>): Promise<Result> {
    this.calls.push(method);
    this.onCall(method);
    return this.#database.transaction(work);
  }

  #end(version: FileVersion, state: FileState): void {
    const file = this.#database.file(version);
    if (file.state !== 'loading') return;
    file.state = state;
    if (!this.#database.isCurrent(file)) return;
    this.#database.removeRows(file);
    this.#database.key(version).currentFile = null;
  }

  async #decideState(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    const key = this.#database.key(arrival);
    if (key.latestSequencer !== null && arrival.sequencer !== null) {
      if (compareSequencers(arrival.sequencer, key.latestSequencer) < 0) return 'superseded';
    } else if (key.currentFile !== null && !(await isLatest())) return 'superseded';
    const current = key.currentFile?.arrival;
    if (current?.eTag !== arrival.eTag || current.sizeBytes !== arrival.sizeBytes) return 'loading';
    key.latestSequencer = arrival.sequencer ?? key.latestSequencer;
    return 'unchanged';
  }
}
