import type { DeadLetterEntry, DeadLetterState } from '../core/dead-letter-entry.ts';

/** A dead letter with what became of it. */
export interface LedgerEntry extends DeadLetterEntry {
  readonly state: DeadLetterState;
  readonly stateAt: Date;
  /** The latest redrive that claimed it. */
  readonly redriveId: string | null;
  /** Where that redrive has published it. */
  readonly published: { readonly topic: string; readonly partition: number; readonly offset: string } | null;
}

/** Which dead letters; every field that is present must match. */
export interface DeadLetterFilter {
  readonly states?: readonly DeadLetterState[];
  /** Dead-letter topics. */
  readonly topics?: readonly string[];
  readonly codes?: readonly string[];
  /** The key of the record. */
  readonly key?: string;
  /** The object key of the file. */
  readonly file?: string;
  /** The time of the latest failure, from `since` and before `until`. */
  readonly since?: Date;
  readonly until?: Date;
}

export interface DeadLetterCount {
  readonly topic: string;
  readonly code: string;
  readonly state: DeadLetterState;
  readonly count: number;
}

/**
 * An index of the dead-letter topics: one entry for each record, row or file that failed, however often it failed.
 *
 * Duplicates: every call may be repeated. Indexing a dead letter again changes nothing.
 * Order: none needed. A dead letter that arrives after a later one of the same failure does not replace it.
 * Concurrency: calls may overlap. Indexing may then fail with a transient error of the database, and is to be repeated.
 *
 * @throws every method, when the database is unreachable.
 */
export interface DeadLetterLedger {
  /**
   * Adds dead letters, or replaces older ones of the same failure. A new failure and one with another attempt are `open`,
   * or `parked` after too many attempts; one of a file that a newer version has replaced is `obsolete`. A repetition of the
   * same attempt keeps the state. A dead letter with the same id
   * and another payload is another failure, because the topic that it came from was replaced.
   *
   * @returns how many failures were added, and how many have failed again.
   */
  index(entries: readonly DeadLetterEntry[]): Promise<{ readonly added: number; readonly updated: number }>;

  /** The latest failure first; those of one time by id. */
  list(filter: DeadLetterFilter, limit: number): Promise<readonly LedgerEntry[]>;

  /** Ascending by topic, code and state; no counts of 0. */
  count(filter: DeadLetterFilter): Promise<readonly DeadLetterCount[]>;

  find(id: string): Promise<LedgerEntry | null>;

  /**
   * Gives up a dead letter that is `open` or `parked`. One in another state keeps it.
   *
   * @returns the state that it has now; `null` when the ledger does not know it.
   */
  discard(id: string): Promise<DeadLetterState | null>;
}
