import type { Observation } from '../core/observation.ts';
import type { Backlog } from './capture-backlog.ts';
import type { CurrentCondition } from './condition-reader.ts';
import type { DeadLetterOverview } from './dead-letter-view.ts';
import type { SalaryOverview } from './salary-view.ts';
import type { Agreement } from './verification-store.ts';

/** What poll-changes has saved. */
export interface PollerStatus {
  /** `false`: its heartbeat stands still. */
  readonly isRunning: boolean;
  readonly phase: 'snapshot' | 'stream' | 'none';
  /** During a snapshot, the last `emp_id` that is published. */
  readonly snapshotAfter: number | null;
  readonly isSnapshotRequested: boolean;
  /** The saved position, as the text of a `pg_snapshot`. */
  readonly since: string | null;
  /** Moves at least once a second while a poller runs; `null` before the first one. */
  readonly heartbeat: string | null;
  /** The saved position, which differs when more is published. */
  readonly position: string | null;
  /** When the lease was last handed over; `null` when that was before the page was opened. */
  readonly handedOverAt: Date | null;
}

/** The latency from commit in A to applied in B, over a window. */
export interface LatencyWindow {
  readonly from: Date;
  readonly until: Date;
  /** Oldest first, for the steps of the window; `p99Ms` is `null` where no change was applied. */
  readonly steps: readonly { readonly at: Date; readonly p99Ms: number | null }[];
  /** Over the whole window; `null` when no change was applied. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly greatestMs: number | null;
  /** The 99th percentile and the rate of the last seconds; 0 without changes. */
  readonly recentMs: number;
  readonly perSecond: number;
}

/** A consumer group on one topic. */
export interface GroupProgress {
  readonly group: string;
  readonly topic: string;
  /** The topic does not exist, and has no partitions. */
  readonly isMissing?: true;
  readonly partitions: readonly {
    readonly partition: number;
    /** The offset that the next record gets. */
    readonly end: bigint;
    /** The offset of the next record to be consumed. */
    readonly next: bigint;
    readonly lag: bigint;
  }[];
}

/** The parts that are read for the page, each from one server. */
export interface Readings {
  readonly poller: PollerStatus;
  readonly backlog: Backlog;
  readonly groups: readonly GroupProgress[];
  readonly latency: LatencyWindow;
  readonly salaries: SalaryOverview;
  readonly deadLetters: DeadLetterOverview;
  readonly agreement: Agreement;
  readonly conditions: readonly CurrentCondition[];
}

/** The latest value of a reading, and why there is no newer one. */
export interface Reading<Value> {
  readonly value: Value | null;
  readonly at: Date | null;
  readonly failure: { readonly message: string; readonly since: Date } | null;
}

/** Everything that the page shows, at one moment. */
export interface DashboardState {
  readonly now: Date;
  readonly stage: string;
  readonly readings: { readonly [Name in keyof Readings]: Reading<Readings[Name]> };
}

/** What function dashboard answers an operator's command that asks for the status. */
export interface StageStatus {
  readonly state: DashboardState;
  /** The same as the verdict needs it. */
  readonly observation: Observation;
}
