import type { AgreementSummary } from './agreement.ts';

/**
 * The state of the pipelines at one moment, on which `findAttention` gives the verdict. `null` is what could not be read or
 * is not there.
 */
export interface Observation {
  readonly at: Date;
  readonly unreachable: readonly UnreachableServer[];
  /** Of the cluster; those of the pipelines may be missing. */
  readonly topics: readonly string[] | null;
  readonly conditions: readonly ObservedCondition[] | null;
  readonly poller: ObservedPoller | null;
  /** Captured changes that are not published. */
  readonly backlog: number | null;
  readonly groups: readonly ObservedGroup[] | null;
  /** Loading files that make no progress, the longest silent first. */
  readonly standingFiles: readonly { readonly key: string; readonly heartbeatAt: Date }[] | null;
  /** Keys of files in the bucket that have not begun although their event is due. */
  readonly unstartedFiles: readonly string[] | null;
  /** What the host of the local event sources reports; `null` on AWS. */
  readonly standstills: readonly ObservedStandstill[] | null;
  /** By how much the clocks of the servers differ from the observer's; `null` on the page, which does not read them. */
  readonly clocks: readonly ObservedClock[] | null;
  readonly deadLetters: ObservedDeadLetters | null;
  readonly replica: ObservedReplica | null;
  readonly salaries: ObservedSalaries | null;
}

/** A server that does not respond as expected. */
export interface UnreachableServer {
  readonly name: string;
  readonly reason: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
  readonly since: Date | null;
}

/** What a function reported: why it waits or is refused, and what mends it. */
export interface ObservedCondition {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly since: Date;
  readonly waitingRecord?:
    | { readonly group: string; readonly topic: string; readonly partition: number; readonly offset: string }
    | undefined;
}

export interface ObservedPoller {
  /** Changes at least once a second while a poller runs; `null` before the first one. */
  readonly heartbeat: string | null;
  /** How far the source is published, as text that differs when more is published. */
  readonly progress: string | null;
}

/** A consumer group on one topic. */
export interface ObservedGroup {
  readonly group: string;
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** The offset of the next record to be consumed. */
    readonly next: bigint;
    /** The number of records that are not consumed. */
    readonly lag: bigint;
  }[];
}

/** An event source that does not go on. */
export interface ObservedStandstill {
  readonly what: string;
  /** What it waits for, and what would mend it. */
  readonly reason: string;
  readonly since: Date;
}

export interface ObservedClock {
  /** The server. */
  readonly name: string;
  /** Negative when it is behind. */
  readonly aheadMs: number;
}

/** Dead letters that wait for an operator. */
export interface ObservedDeadLetters {
  readonly open: number;
  /** Failed too often: redriven only by name. */
  readonly parked: number;
  /** When the first of them failed for the first time; `null` without any. */
  readonly oldestAt: Date | null;
}

/** What the verifications have found that are on record. */
export interface ObservedReplica extends Pick<AgreementSummary, 'different' | 'causes' | 'differsSince'> {
  /** When the key that was not verified for the longest time was verified; `null` until every key was verified once. */
  readonly oldestCheckedAt: Date | null;
}

export interface ObservedSalaries {
  readonly differences: number;
  readonly findings: readonly { readonly subject: string; readonly message: string }[];
  readonly differsSince: Date | null;
}
