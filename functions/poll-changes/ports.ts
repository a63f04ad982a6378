import type { CapturedChange } from '../core/employee-change.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';

/** Which server it is, and how far it has come. */
export interface SourceIdentity {
  readonly systemIdentifier: string;
  readonly saveNumber: bigint;
  /** Changes when the server starts anew; snapshots that were not saved mean nothing from then on. */
  readonly serverStart: string;
}

/** The changes between a snapshot and now. */
export interface Difference {
  /** What is visible now. */
  readonly snapshot: string;
  readonly saveNumber: bigint;
  readonly serverStart: string;
  /** Ascending by `cdc_id`; `null` when there are more than one page. */
  readonly changes: readonly CapturedChange[] | null;
}

/** The source database. Of one employee, changes come in the order of their commits. */
export interface ChangeSource {
  identify(): Promise<SourceIdentity>;
  /** Everything visible now and not in `since`; a tiny query when that is nothing. */
  readDifference(since: string): Promise<Difference>;
  /** The range of `cdc_id` between two snapshots, as text; `null` when nothing is between them. */
  measureDifference(since: string, until: string): Promise<{ readonly first: string; readonly last: string } | null>;
  /** The next page of the changes between two snapshots, ascending by `cdc_id`; the last one is shorter than the rest. */
  readPage(
    since: string,
    until: string,
    afterChangeId: string,
    lastChangeId: string,
  ): Promise<readonly CapturedChange[]>;
  /** Begins an epoch greater than `above` and all before it; numbers the save that must follow. */
  beginSnapshot(above: bigint): Promise<SourceIdentity & { readonly epoch: bigint; readonly snapshot: string }>;
  /**
   * The next employees, ascending by `emp_id`, as changes with action SNAPSHOT and the id of the newest change that their
   * image reflects; the last chunk is shorter than the rest.
   */
  readChunk(afterEmpId: number | null): Promise<readonly CapturedChange[]>;
  /** Counts a save and returns its number; everything visible before the call is durable when it resolves. */
  numberSave(): Promise<bigint>;
  /** Deletes changes visible in `since` that are older than the retention; returns how many. */
  purge(since: string, retentionHours: number): Promise<number>;
  readonly pageSize: number;
}

/** Who may publish, and how far it has come: one entry for all pollers. */
export interface LedgerEntry {
  /** The empty text when nobody holds the lease. */
  readonly owner: string;
  /** Grows with every change of the owner; a write under an older one is refused. */
  readonly fencing: number;
  /** Grows with every write of the owner. */
  readonly heartbeat: number;
  /** Who asks to be the next owner. */
  readonly requestedBy: string | null;
  /** Set by whoever wants a new snapshot. */
  readonly resnapshot: string | null;
  /** As it was encoded; `null` before the first save. */
  readonly position: string | null;
}

/** Reads are consistent; writes are conditional and durable when they resolve. */
export interface Ledger {
  read(): Promise<LedgerEntry | null>;
  /** Asks the owner to hand over. */
  request(by: string): Promise<void>;
  requestResnapshot(token: string): Promise<void>;
  /** Takes the lease if the entry is still the one seen; `false` when it is not. */
  take(seen: LedgerEntry | null, owner: string): Promise<boolean>;
  /** A sign of life, with the position where one is given; `null` when the lease belongs to somebody else. */
  write(fencing: number, position?: string, doneResnapshot?: string): Promise<LedgerEntry | null>;
  /** Gives the lease to `to`, or to nobody with the empty text; `false` when it belonged to somebody else already. */
  handOver(fencing: number, to: string, position?: string): Promise<boolean>;
}

/** Resolves when all in-sync replicas have acknowledged all records; keeps the order within a partition. */
export interface ChangePublisher {
  publish(records: readonly OutgoingRecord[]): Promise<void>;
}

/** Time that never goes backwards, in milliseconds. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}
