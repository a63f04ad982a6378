import type { FileArrival, FileState, RowCounts } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';
import type { IngestionLedger, IsLatest } from '../../ports/ingestion-ledger.ts';
import { type RetryDependencies, withRetries } from './with-retries.ts';

/** Retries every call, because all calls of a ledger may be repeated. */
export class RetryingIngestionLedger implements IngestionLedger {
  readonly #ledger: IngestionLedger;
  readonly #deps: RetryDependencies;

  constructor(ledger: IngestionLedger, dependencies: RetryDependencies) {
    this.#ledger = ledger;
    this.#deps = dependencies;
  }

  register(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return withRetries('register', () => this.#ledger.register(arrival, isLatest), this.#deps);
  }

  takeOver(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return withRetries('takeOver', () => this.#ledger.takeOver(arrival, isLatest), this.#deps);
  }

  reopen(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return withRetries('reopen', () => this.#ledger.reopen(arrival, isLatest), this.#deps);
  }

  reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return withRetries('reportProgress', () => this.#ledger.reportProgress(file, counts), this.#deps);
  }

  finish(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return withRetries('finish', () => this.#ledger.finish(file, counts), this.#deps);
  }

  reject(file: FileVersion): Promise<void> {
    return withRetries('reject', () => this.#ledger.reject(file), this.#deps);
  }

  supersede(file: FileVersion): Promise<void> {
    return withRetries('supersede', () => this.#ledger.supersede(file), this.#deps);
  }
}
