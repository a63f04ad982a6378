import type { CaptureState } from '../core/capture-state.ts';
import type { CapturedChange } from '../core/employee-change.ts';

/** Which database server the source is, and its latest save number. */
export interface SourceIdentity {
  /** PostgreSQL's `system_identifier`. Another value means another server. */
  readonly systemIdentifier: string;
  /** What `nextSaveNumber` or `beginSnapshot` returned last. A lower number than a saved one means a restored backup. */
  readonly saveNumber: bigint;
  /** That of the last snapshot that began, 0 before the first one. A position with a lower one is out of date. */
  readonly epoch: bigint;
  /** When the server started. A restart invalidates snapshots that were taken after the last save number. */
  readonly serverStartedAt: string;
}

/** The changes between a snapshot and now. */
export interface Difference {
  /** What is visible now. The next difference is read since this snapshot. */
  readonly snapshot: string;
  readonly saveNumber: bigint;
  readonly serverStartedAt: string;
  /** Ascending by `changeId`; `null` when they do not fit into one page. */
  readonly changes: readonly CapturedChange[] | null;
  /**
   * The last `changeId` that the source has given out; `null` when there is none. It is at least as great as every
   * captured id, unless the sequence of the ids was set back.
   */
  readonly lastGivenId: string | null;
}

/** The least and the greatest `changeId` of a difference, as text. */
export interface ChangeIdRange {
  readonly first: string;
  readonly last: string;
}

export interface SnapshotStart extends SourceIdentity {
  /** What was visible when the epoch began. The stream of changes starts here after the last chunk. */
  readonly snapshot: string;
}

/**
 * The source database (A): the changes that its triggers captured, and the employees themselves. A snapshot is the text
 * of a `pg_snapshot`, which represents the set of visible transactions.
 *
 * Delivery: in a chain of differences, each since the snapshot of the one before, every committed change is in exactly
 * one, however long its transaction stayed open. A rolled-back change is in none.
 * Order: within a difference ascending by `changeId`, which is the commit order of each employee's changes. Between
 * employees, a transaction that commits late may have lower ids than changes that were read before.
 * Concurrency: all calls may overlap. Reading blocks no writer of the source.
 * Errors: every call fails while the database is unreachable, and may then be repeated.
 */
export interface ChangeSource {
  /** The maximum number of changes or employees that one read returns. */
  readonly pageSize: number;

  identify(): Promise<SourceIdentity>;

  /** Reads all changes that are visible now and not in `since`. Costs almost nothing when there are none. */
  readDifference(since: string): Promise<Difference>;

  /** As in `Difference`, without reading changes. */
  lastGivenId(): Promise<string | null>;

  /** The range of the changes between two snapshots; `null` when there are none. */
  measureDifference(since: string, until: string): Promise<ChangeIdRange | null>;

  /**
   * The next page of the changes between two snapshots, ascending by `changeId`: those above `afterChangeId` and up to
   * `lastChangeId`. A page shorter than `pageSize` is the last one.
   */
  readPage(
    since: string,
    until: string,
    afterChangeId: string,
    lastChangeId: string,
  ): Promise<readonly CapturedChange[]>;

  /**
   * Whether the changes of employees are captured. Waits for no lock.
   *
   * @param since the snapshot at which the present epoch began, for `gapReason`; `null` to leave that out.
   */
  inspectCapture(since: string | null): Promise<CaptureState>;

  /** Begins an epoch greater than `above` and than every earlier epoch, and increments the save number for the save that must follow. */
  beginSnapshot(above: bigint): Promise<SnapshotStart>;

  /**
   * The employees with the next greater `empId`, ascending, as changes with action SNAPSHOT. Their `changeId` is the
   * greatest one that the image reflects, 0 when no change of the employee is retained. Changes that are visible in the
   * snapshot `withoutIdsOf` count as 0: `null` unless their ids are not comparable with those of later changes. A chunk
   * shorter than `pageSize` is the last one. Rows of tables that inherit from employees are not employees; rows of its
   * partitions are.
   *
   * @throws PipelineError `PIPE_CAPTURE_BROKEN` when the table or one of its columns is missing.
   */
  readSnapshotChunk(afterEmpId: number | null, withoutIdsOf: string | null): Promise<readonly CapturedChange[]>;

  /** Increments the save number and returns it. Everything that was visible before the call is durable when it resolves. */
  nextSaveNumber(): Promise<bigint>;

  /**
   * Deletes changes that are both visible in `since` and older than the retention, and returns how many. It may leave
   * some for a later call.
   */
  purge(since: string, retentionHours: number): Promise<number>;
}
