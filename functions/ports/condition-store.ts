/** Why a part of the pipelines waits or is refused, and what mends it. */
export interface Condition {
  /** Identifies what waits, e.g. `poll-changes` or `apply-changes/employee-changes-3`. A later report replaces the earlier one. */
  readonly id: string;
  /** `PIPE_…`; stable. */
  readonly code: string;
  /** What was expected, what was found, and what to do. Names tables, columns, SQLSTATEs; never the values of a row. */
  readonly message: string;
  /** The Kafka record that waits. Once the consumer group has committed a later offset, the condition is over. */
  readonly waitingRecord?: WaitingRecord;
}

export interface WaitingRecord {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/**
 * The conditions that need attention, for `npm run status`.
 *
 * Expiry: a condition that is not reported again for `CONDITION_EXPIRY_SECONDS` is over, because its reporter may have ended.
 * Since: a condition that is reported again with the same code keeps the time of its first report.
 * Concurrency: any number of instances may report and clear at once.
 * Errors: every call fails while the store is unreachable, and may then be repeated.
 */
export interface ConditionStore {
  report(condition: Condition): Promise<void>;

  /** Does nothing when there is no such condition. */
  clear(id: string): Promise<void>;
}
