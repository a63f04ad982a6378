import { type Candidates, planBatch } from '../core/change-batch.ts';
import type { ReceivedChange } from '../core/change-record.ts';
import type { ChangeRule } from '../core/change-rules.ts';
import { LOWEST_VERSION, lastVersionBefore } from '../core/change-version.ts';
import { classifyError } from '../core/classify-error.ts';
import { describeDatabaseFault } from '../core/database-fault.ts';
import { wasDeadLetter } from '../core/dead-letter-headers.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import { type EmployeeChange, isEmployeeChange, type SnapshotEnd } from '../core/employee-change.ts';
import { firstPartition, type KafkaRecord } from '../core/kafka-record.ts';
import type { LatencySummary } from '../core/latency.ts';
import { offsetsOf, type PartitionOffsets } from '../core/offset-range.ts';
import type { PipelineTick, TickRecorder } from '../core/pipeline-tick.ts';
import { isolateRefused } from '../core/refused-rows.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { Deadline } from '../ports/deadline.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RetainedEmployee,
  SweepState,
} from '../ports/employee-replica.ts';
import { sweepToEnd } from './sweep-to-end.ts';
import { retainedBySnapshot, validateChanges } from './validate-changes.ts';

export interface ApplyResult {
  /** Employees that this batch changed. */
  readonly applied: number;
  readonly received: number;
  readonly deadLettered: number;
  /** From the change in the source to the commit in the target; absent when the batch has no such change. */
  readonly latency?: LatencySummary;
}

interface ApplyOutcome {
  readonly applied: number;
  readonly refused: ReadonlyMap<ReceivedChange<EmployeeChange>, unknown>;
}

interface BatchOutcome extends ApplyOutcome {
  readonly sweep: SweepState;
  /** The records that made the sweep necessary. */
  readonly sweepRecords: readonly KafkaRecord[];
}

interface Batch {
  readonly valid: readonly ReceivedChange[];
  readonly retained: readonly RetainedEmployee[];
  /** Of all records, also of those that become dead letters: they are done with the batch, too. */
  readonly offsets: readonly PartitionOffsets[];
  readonly ticks: readonly PipelineTick[];
}

/**
 * Applies a batch of changes to the replica in one transaction. A batch may be applied again, late, out of order, or by
 * two instances at once, because a change only takes effect if its version is newer.
 *
 * A record that fails permanently becomes a dead letter. Any other failure is thrown, so that the event source retries
 * the whole batch.
 */
export class ChangeApplier {
  readonly #replica: EmployeeReplica;
  readonly #deadLetters: DeadLetterQueue;
  readonly #rules: readonly ChangeRule[];
  readonly #ticks: TickRecorder;

  constructor(
    replica: EmployeeReplica,
    deadLetters: DeadLetterQueue,
    rules: readonly ChangeRule[],
    ticks: TickRecorder,
  ) {
    this.#replica = replica;
    this.#deadLetters = deadLetters;
    this.#rules = rules;
    this.#ticks = ticks;
  }

  /**
   * Resolves when the changes are committed and all dead letters are acknowledged.
   *
   * @throws while the replica or Kafka is unavailable, and while the target's schema does not fit. The event source then
   * retries the batch until they are back, and nothing is lost or dead-lettered meanwhile.
   */
  async apply(records: readonly KafkaRecord[], deadline: Deadline = NO_DEADLINE): Promise<ApplyResult> {
    const { valid, violating, retained, deadLetters: invalid } = validateChanges(records, this.#rules);
    const { due, committed } = this.#ticks.begin(originsOf([...valid, ...violating]), records.length);
    const batch = { valid, retained, offsets: offsetsOf(records), ticks: due };
    const { applied, refused, sweep, sweepRecords } = await this.#applyBatch(batch);
    const latency = committed();
    const { refusal } = await sweepToEnd(this.#replica, sweep, deadline);
    const deadLetters = [
      ...invalid,
      ...[...refused].map(([{ record }, error]) => deadLetterOfRefused(record, describeDatabaseFault(error))),
      ...(refusal === null ? [] : sweepRecords.map((record) => deadLetterOfSweep(record, refusal))),
    ];
    // After the commit, so that a crash in between repeats both.
    if (deadLetters.length > 0) await this.#deadLetters.publish(deadLetters);
    const counts = { applied, received: records.length, deadLettered: deadLetters.length };
    return latency === undefined ? counts : { ...counts, latency };
  }

  async #applyBatch(batch: Batch): Promise<BatchOutcome> {
    if (batch.offsets.length === 0) return NOTHING_APPLIED;
    const applied = isUsual(batch) ? await this.#applyAtOnce(batch) : undefined;
    return applied === undefined ? this.#applyStepByStep(batch) : { ...NOTHING_APPLIED, applied };
  }

  /** Nearly every batch. It takes one round trip, where the steps of a transaction take five or six. */
  async #applyAtOnce({ valid, offsets, ticks }: Batch): Promise<number | undefined> {
    const { candidates } = planBatch(valid, LOWEST_VERSION);
    return this.#replica.applyAtOnce(newestOf(candidates), offsets, ticks);
  }

  /** Isolates refused changes only when the batch as a whole is refused, because isolation costs one savepoint per attempt. */
  async #applyStepByStep(batch: Batch): Promise<BatchOutcome> {
    try {
      return await this.#applyInTransaction(applyAll, batch);
    } catch (error) {
      // Any other failure concerns all changes. The event source retries the batch, and nothing is dead-lettered meanwhile.
      if (classifyError(error) !== 'permanent') throw error;
      return await this.#applyInTransaction(applyIsolatingRefused, batch);
    }
  }

  async #applyInTransaction(
    applyCandidates: ApplyCandidates,
    { valid, retained, offsets, ticks }: Batch,
  ): Promise<BatchOutcome> {
    const mayRaiseWatermark = valid.some(({ change }) => !isEmployeeChange(change));
    const work = async (transaction: EmployeeReplicaTransaction) => {
      const isIncomplete = transaction.sweep.isPending || transaction.sweep.refusal !== null;
      const plan = planBatch(valid, transaction.watermark, isIncomplete);
      if (plan.truncate) await transaction.raiseWatermark(plan.truncate.change);
      const outcome = await applyCandidates(transaction, plan.candidates);
      const kept = [...retained, ...[...outcome.refused.keys()].flatMap(({ change }) => retainedBySnapshot(change))];
      if (kept.length > 0) await transaction.retainThroughSnapshot(kept);
      const completedBy = await recordSnapshotEnds(transaction, plan.snapshotEnds);
      const sweepRecords = [...(plan.truncate ? [plan.truncate.record] : []), ...completedBy];
      return { ...outcome, sweep: transaction.sweep, sweepRecords };
    };
    return this.#replica.transaction(mayRaiseWatermark ? 'exclusive' : 'shared', offsets, work, ticks);
  }
}

/** When the changes were made. A change that was redriven is left out, because it has waited for an operator. */
function originsOf(changes: readonly ReceivedChange[]): number[] {
  const origins: number[] = [];
  for (const { change, record } of changes) {
    const changedAtMs = change.action === 'SNAPSHOT_END' ? undefined : change.changedAtMs;
    if (changedAtMs !== undefined && !wasDeadLetter(record)) origins.push(changedAtMs);
  }
  return origins;
}

const NO_DEADLINE: Deadline = { remainingMs: () => Number.POSITIVE_INFINITY };
const NO_REFUSED: ApplyOutcome['refused'] = new Map();
const NOTHING_APPLIED: BatchOutcome = {
  ...{ applied: 0, refused: NO_REFUSED, sweepRecords: [] },
  sweep: { isPending: false, refusal: null },
};

type ApplyCandidates = (
  transaction: EmployeeReplicaTransaction,
  employees: readonly Candidates[],
) => Promise<ApplyOutcome>;

/** Whether the batch only writes and deletes employees, and has no employee that is to be retained through a snapshot. */
const isUsual = ({ valid, retained }: Batch): boolean =>
  retained.length === 0 && valid.every(({ change }) => isEmployeeChange(change));

const newestOf = (employees: readonly Candidates[]): EmployeeChange[] =>
  employees.flatMap(([first]) => (first ? [first.change] : []));

const applyAll: ApplyCandidates = async (transaction, employees) => {
  const newest = newestOf(employees);
  return { applied: newest.length === 0 ? 0 : await transaction.apply(newest), refused: NO_REFUSED };
};

/**
 * Isolates each change that the database refuses. The employee's next older change is then tried in its place.
 *
 * @throws when the target's schema is at fault and not the changes.
 */
const applyIsolatingRefused: ApplyCandidates = async (transaction, employees) => {
  const refused = new Map<ReceivedChange<EmployeeChange>, unknown>();
  const applyPart = async (part: readonly Candidates[]) => {
    const [candidates = []] = part;
    if (part.length > 1) return transaction.withSavepoint(async () => (await applyAll(transaction, part)).applied);
    let failure: unknown;
    for (const received of candidates) {
      try {
        return await transaction.withSavepoint(() => transaction.apply([received.change]));
      } catch (error) {
        if (classifyError(error) !== 'permanent') throw error;
        refused.set(received, error);
        failure = error;
      }
    }
    throw failure;
  };
  const judge = () => transaction.judgeRefused([...refused].map(([{ change }, error]) => ({ change, error })));
  const { results, refused: unapplied } = await isolateRefused(employees, applyPart, judge);
  // Only older changes of these employees are applied.
  if (unapplied.length === 0 && refused.size > 0) await judge();
  return { applied: results.reduce((total, count) => total + count, 0), refused };
};

/**
 * The last partition of a snapshot deletes the employees of older epochs.
 *
 * @returns the records of those last partitions.
 */
async function recordSnapshotEnds(
  transaction: EmployeeReplicaTransaction,
  ends: readonly ReceivedChange<SnapshotEnd>[],
): Promise<KafkaRecord[]> {
  const completedBy: KafkaRecord[] = [];
  for (const { change, record } of ends) {
    const isComplete = await transaction.recordSnapshotEnd(change.epoch, firstPartition(record), change.partitions);
    if (!isComplete) continue;
    await transaction.raiseWatermark(lastVersionBefore(change.epoch));
    completedBy.push(record);
  }
  return completedBy;
}

function deadLetterOfRefused(record: KafkaRecord, fault: string): DeadLetter {
  return deadLetterOfRecord(record, 'PIPE_CHANGE_REFUSED', `the target database refuses this change: ${fault}`);
}

function deadLetterOfSweep(record: KafkaRecord, fault: string): DeadLetter {
  const reason =
    `the target database refuses to delete some of the employees that the source no longer has: ${fault}; ` +
    'correct that in the target database, then redrive this record';
  return deadLetterOfRecord(record, 'PIPE_CHANGE_REFUSED', reason);
}
