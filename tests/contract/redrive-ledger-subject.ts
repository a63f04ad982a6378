import type { RedriveLedger } from '../../functions/ports/redrive-ledger.ts';
import type { RedriveOutcomes } from '../../functions/ports/redrive-outcomes.ts';

/** A row of the ledger of dead letters, as far as redrives read and change it. */
export interface RedriveEntry {
  readonly dlqId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly code: string;
  readonly key: string | null;
  readonly attempts: number;
  readonly state: string;
  /** The file, for a row or a whole file. */
  readonly file?: { readonly key: string; readonly version: string; readonly row?: number };
}

export interface EntryState {
  readonly state: string;
  readonly attempts: number;
  readonly code: string;
}

/** The two ports on an empty ledger. */
export interface RedriveLedgerUnderTest {
  readonly ledger: RedriveLedger;
  readonly outcomes: RedriveOutcomes;
  add(...entries: readonly RedriveEntry[]): Promise<void>;
  /** As index-dead-letters does when a dead letter fails again. */
  comeBack(dlqId: string): Promise<void>;
  entry(dlqId: string): Promise<EntryState | undefined>;
  /** Registers a version of a file in bucket `b`, or changes its state. The latest one that is complete is current. */
  setFile(
    key: string,
    version: string,
    file: { readonly state: string; readonly rejected?: number; readonly filteredOut?: number },
  ): Promise<void>;
  /** The row is among the loaded rows. */
  loadRow(key: string, version: string, row: number): Promise<void>;
  counts(key: string, version: string): Promise<{ readonly rejected: number; readonly filteredOut: number }>;
  /** Makes the last sign of life of every redrive older. */
  age(byMs: number): Promise<void>;
}

export const BUCKET_OF_FILES = 'b';

export function redriveEntry(number: number, more: Partial<RedriveEntry> = {}): RedriveEntry {
  return {
    ...{ dlqId: `t/0/${number}`, topic: 't.dead-letter', partition: 0, offset: number },
    ...{ code: 'PIPE_A', key: String(number), attempts: 1, state: 'open', ...more },
  };
}
