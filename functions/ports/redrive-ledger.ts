import type {
  ClaimedDeadLetter,
  Redrive,
  RedriveCount,
  RedriveFilter,
  RedriveRequest,
  Refusal,
} from '../core/redrive.ts';

/** Where a dead letter lies; a redrive works through its dead letters in this order. */
export type DeadLetterPosition = Pick<ClaimedDeadLetter, 'topic' | 'partition' | 'offset'>;

/** Where a redrive has published a dead letter. */
export interface PublishedPosition extends DeadLetterPosition {
  /** Kafka's id of the topic, read before the publish. */
  readonly topicId: string;
}

type Named = Pick<ClaimedDeadLetter, 'dlqId' | 'attempts'>;

/** What became of a batch of claimed dead letters. `attempts` is what the batch was claimed with. */
export interface RedriveOutcome {
  readonly published: readonly (Named & { readonly to: PublishedPosition })[];
  /** Whole files, for which transform-csv was invoked. */
  readonly requested: readonly Named[];
  readonly refused: readonly (Named & { readonly refusal: Refusal })[];
  /** Rows that the rules reject again. Their next dead letter is acknowledged. */
  readonly returned: readonly (Named & { readonly code: string; readonly reason: string })[];
  /** Rows that the rules now filter out. */
  readonly filtered: readonly (Named & { readonly fileId: string; readonly row: number })[];
  /** Of files that a newer version has replaced. */
  readonly obsolete: readonly Named[];
}

/**
 * Redrives, and the states of dead letters that they change. A dead letter that came back meanwhile, so that it has more
 * attempts than before, keeps the state that index-dead-letters gave it, whatever is recorded here.
 *
 * Duplicates: every call may be repeated, also after an error that leaves open whether it took effect.
 * Concurrency: calls may overlap with each other and with index-dead-letters. One redrive at a time is in progress.
 *
 * @throws every method, when the ledger is unreachable.
 */
export interface RedriveLedger {
  /** What `plan` would claim now. */
  count(filter: RedriveFilter): Promise<readonly RedriveCount[]>;

  /** The codes of all dead letters, whatever their state. */
  knownCodes(): Promise<readonly string[]>;

  /**
   * Creates a redrive and claims, in the same transaction, what is open and matches the filter; of dead letters by name
   * also parked ones. What fails later is not claimed.
   *
   * @returns `null` when nothing matches; no redrive is then created.
   * @throws PipelineError `PIPE_REDRIVE_IN_PROGRESS` while another redrive is planned or running.
   */
  plan(request: RedriveRequest): Promise<Redrive | null>;

  /** The latest redrive without an id. */
  find(redriveId?: string): Promise<Redrive | null>;

  /** The redrive in progress, when it has no owner or its owner has shown no sign of life for `staleAfterMs`. */
  findAbandoned(staleAfterMs: number): Promise<Redrive | null>;

  /**
   * Makes an invocation the owner of a redrive, which is then `running`.
   *
   * @returns `null` when another owner was alive within `staleAfterMs`, or the redrive is no longer in progress.
   */
  acquire(redriveId: string, owner: string, staleAfterMs: number): Promise<Redrive | null>;

  /** A sign of life. `false`: stop, because the redrive was cancelled or has another owner. */
  renew(redriveId: string, owner: string): Promise<boolean>;

  /** Lets another invocation become the owner at once. */
  release(redriveId: string, owner: string): Promise<void>;

  /** Claimed dead letters of a redrive that lie after a position, in order. */
  nextBatch(redriveId: string, after: DeadLetterPosition | null, limit: number): Promise<readonly ClaimedDeadLetter[]>;

  /**
   * Records what became of a batch, in one transaction, also when the redrive was cancelled or has another owner
   * meanwhile; call it only when Kafka has acknowledged the batch. It is a sign of life of the owner, and answers as
   * `renew`.
   *
   * A filtered row is moved from the rejected rows of its file to those filtered out. Only what this call moves is counted,
   * because two owners may have worked on the same batch.
   */
  recordBatch(redriveId: string, owner: string, outcome: RedriveOutcome): Promise<boolean>;

  /** Ends the publishing, when no dead letter of the redrive is claimed any more. */
  finishPublishing(redriveId: string, owner: string): Promise<void>;

  /** Stops a redrive in progress. What is not published is as it was before the redrive. Another redrive stays as it is. */
  cancel(redriveId: string): Promise<Redrive | null>;
}
