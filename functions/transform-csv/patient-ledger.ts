import { judgeFailure } from '../core/failure.ts';
import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { FileVersion } from '../core/salary-record.ts';
import type { IngestionLedger, Journal } from './ports.ts';

/**
 * Half a minute in all: a database that restarts or fails over to a standby nearby is back by then. What takes longer
 * is left to the event source, which has waits of minutes.
 */
const WAITS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];

/**
 * A ledger that waits for a database that is away for a moment. Starting a file over costs its whole length and brings
 * its dead letters again; asking the ledger again costs nothing, as each of its calls may be repeated.
 */
export class PatientLedger implements IngestionLedger {
  readonly #ledger: IngestionLedger;
  readonly #journal: Journal;
  readonly #wait: (ms: number) => Promise<void>;

  constructor(ledger: IngestionLedger, journal: Journal, wait: (ms: number) => Promise<void>) {
    this.#ledger = ledger;
    this.#journal = journal;
    this.#wait = wait;
  }

  register(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    return this.#patiently('register', () => this.#ledger.register(arrival, isLatest));
  }

  takeOver(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    return this.#patiently('takeOver', () => this.#ledger.takeOver(arrival, isLatest));
  }

  reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#patiently('reportProgress', () => this.#ledger.reportProgress(file, counts));
  }

  finish(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#patiently('finish', () => this.#ledger.finish(file, counts));
  }

  reject(file: FileVersion): Promise<void> {
    return this.#patiently('reject', () => this.#ledger.reject(file));
  }

  supersede(file: FileVersion): Promise<void> {
    return this.#patiently('supersede', () => this.#ledger.supersede(file));
  }

  async #patiently<Answer>(call: string, ask: () => Promise<Answer>): Promise<Answer> {
    for (const waitMs of WAITS_MS) {
      try {
        return await ask();
      } catch (error) {
        if (judgeFailure(error) === 'data') throw error;
        this.#journal.warn('the ledger does not answer; it is asked again', { call, waitMs, reason: reasonOf(error) });
        await this.#wait(waitMs);
      }
    }
    return ask();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
