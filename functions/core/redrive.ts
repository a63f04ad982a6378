import type { FileArrival, FileState } from './ingestion.ts';

/** Which dead letters a redrive selects. They match every part that is given. */
export interface RedriveFilter {
  /** The dead-letter topic. */
  readonly topic?: string | undefined;
  readonly codes?: readonly string[] | undefined;
  /** The key of the record, e.g. an employee's `emp_id`. */
  readonly key?: string | undefined;
  /** The key of the file in the bucket. */
  readonly file?: string | undefined;
  /** Dead letters by name. Only these may be parked ones. */
  readonly ids?: readonly string[] | undefined;
}

export interface RedriveRequest {
  readonly filter: RedriveFilter;
  readonly note: string | null;
  /** Dead letters a second; `null` without a limit. */
  readonly rate: number | null;
}

/** How many dead letters of one code go to one destination. */
export interface RedriveCount {
  readonly code: string;
  readonly destination: string;
  readonly count: number;
}

/** Why dead letters were not published; `ids` names the first of them. */
export interface RedriveRefusal {
  readonly code: string;
  readonly reason: string;
  readonly count: number;
  readonly ids: readonly string[];
}

/**
 * `planned`: its dead letters are claimed. `running`: it publishes. `settling`: all are published, and outcomes are awaited.
 * `canceled`: it published no more since then; the outcomes of what was published are awaited all the same.
 */
export type RedriveState = 'planned' | 'running' | 'settling' | 'complete' | 'canceled' | 'failed';

export interface Redrive {
  /** A 64-bit number as text. */
  readonly redriveId: string;
  readonly state: RedriveState;
  readonly filter: RedriveFilter;
  readonly note: string | null;
  readonly rate: number | null;
  /** What was claimed. */
  readonly counts: readonly RedriveCount[];
  readonly claimed: number;
  readonly published: number;
  readonly resolved: number;
  /** Those that came back, because they failed again. */
  readonly failed: number;
  readonly refused: number;
  /** Those of files that a newer version has replaced. Each claimed one is published, refused or obsolete in the end. */
  readonly obsolete: number;
  readonly refusals: readonly RedriveRefusal[];
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

/** What failed: a record, a row of a file, or a whole file. */
export type FailedKind = 'record' | 'row' | 'file';

/** The version of a file that a dead letter belongs to, as the ingestion ledger has it. */
export interface FailedFile {
  readonly fileId: string;
  readonly state: FileState;
  readonly isEndRecorded: boolean;
  readonly arrival: FileArrival;
}

/** A dead letter that a redrive has claimed, as the ledger has it. */
export interface ClaimedDeadLetter {
  readonly dlqId: string;
  readonly kind: FailedKind;
  /** Where the latest dead letter is. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly attempts: number;
  readonly firstAt: string;
  /** Of the whole payload; 0 when there is none. */
  readonly payloadBytes: number;
  /** Number of the row in its file, from 1. */
  readonly row: number | null;
  /** `null` for a record, and for a version that the ledger does not know. */
  readonly file: FailedFile | null;
}

/** Why a dead letter is not published. It stays as it was before the redrive. */
export interface Refusal {
  readonly code: `PIPE_REDRIVE_${string}`;
  readonly reason: string;
}
