/** The dead letters of one code that still wait for an operator. */
export interface DeadLetterGroup {
  readonly code: string;
  readonly open: number;
  /** Claimed or published by a redrive whose outcome is awaited. */
  readonly redriven: number;
  /** Failed too often: redriven only by name. */
  readonly parked: number;
  readonly lastHour: number;
  /** The first failure of the one that has waited longest for another one. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The newest of them. */
  readonly sampleId: string;
  readonly sampleReason: string;
}

/** A redrive and how far it is. */
export interface RedriveProgress {
  readonly id: string;
  readonly state: string;
  readonly note: string | null;
  readonly claimed: number;
  readonly published: number;
  readonly resolved: number;
  readonly failed: number;
  readonly refused: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface DeadLetterOverview {
  /** The code with most open dead letters first. */
  readonly groups: readonly DeadLetterGroup[];
  /** The newest first. */
  readonly redrives: readonly RedriveProgress[];
}

/**
 * What operators see of the dead letters. Read only, each call bounded.
 *
 * @throws when the target database is unreachable or slower than the limit.
 */
export interface DeadLetterView {
  overview(): Promise<DeadLetterOverview>;
}
