import { bisect } from '../core/bisect.ts';
import { type Candidates, planBatch } from '../core/change-batch.ts';
import type { ReceivedChange } from '../core/change-record.ts';
import type { ChangeRule } from '../core/change-rules.ts';
import { lastVersionBefore } from '../core/change-version.ts';
import { classifyError, sqlStateOf } from '../core/classify-error.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import { type EmployeeChange, isEmployeeChange, type SnapshotEnd } from '../core/employee-change.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import { offsetsOf, type PartitionOffsets } from '../core/offset-range.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { EmployeeReplica, EmployeeReplicaTransaction } from '../ports/employee-replica.ts';
import { validateChanges } from './validate-changes.ts';

export interface ApplyResult {
  /** Employees that this batch changed. */
  readonly applied: number;
  readonly received: number;
  readonly deadLettered: number;
}

interface RefusedChange {
  readonly received: ReceivedChange<EmployeeChange>;
  readonly deadLetter: DeadLetter;
}

interface ApplyOutcome {
  readonly applied: number;
  readonly refused: readonly RefusedChange[];
}

interface Batch {
  readonly valid: readonly ReceivedChange[];
  readonly violating: Candidates;
  /** Of all records, also of those that become dead letters: they are done with the batch, too. */
  readonly offsets: readonly PartitionOffsets[];
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

  constructor(replica: EmployeeReplica, deadLetters: DeadLetterQueue, rules: readonly ChangeRule[]) {
    this.#replica = replica;
    this.#deadLetters = deadLetters;
    this.#rules = rules;
  }

  /**
   * Resolves when the changes are committed and all dead letters are acknowledged.
   *
   * @throws while the replica or Kafka is unavailable. The event source then retries the batch until they are back, and
   * nothing is lost or dead-lettered meanwhile.
   */
  async apply(records: readonly KafkaRecord[]): Promise<ApplyResult> {
    const { valid, violating, deadLetters: invalid } = validateChanges(records, this.#rules);
    const { applied, refused } = await this.#applyBatch({ valid, violating, offsets: offsetsOf(records) });
    const deadLetters = [...invalid, ...refused.map(({ deadLetter }) => deadLetter)];
    // After the commit, so that a crash in between repeats both.
    if (deadLetters.length > 0) await this.#deadLetters.publish(deadLetters);
    return { applied, received: records.length, deadLettered: deadLetters.length };
  }

  /** Isolates refused changes only when the batch as a whole is refused, because isolation costs one savepoint per attempt. */
  async #applyBatch(batch: Batch): Promise<ApplyOutcome> {
    if (batch.offsets.length === 0) return { applied: 0, refused: [] };
    try {
      return await this.#applyInTransaction(applyAll, batch);
    } catch (error) {
      throwIfTargetUnavailable(error);
      return await this.#applyInTransaction(applyIsolatingRefused, batch);
    }
  }

  async #applyInTransaction(
    applyCandidates: ApplyCandidates,
    { valid, violating, offsets }: Batch,
  ): Promise<ApplyOutcome> {
    const mayRaiseWatermark = valid.some(({ change }) => !isEmployeeChange(change));
    return this.#replica.transaction(mayRaiseWatermark ? 'exclusive' : 'shared', offsets, async (transaction) => {
      const plan = planBatch(valid, transaction.watermark);
      if (plan.truncate) await transaction.raiseWatermark(plan.truncate);
      const outcome = await applyCandidates(transaction, plan.candidates);
      await retainThroughSnapshot(transaction, [...violating, ...outcome.refused.map(({ received }) => received)]);
      await recordSnapshotEnds(transaction, plan.snapshotEnds);
      return outcome;
    });
  }
}

/**
 * When the target database is unavailable, the invocation fails, and the event source retries the whole batch until the
 * database is back. Nothing is lost or dead-lettered meanwhile.
 */
function throwIfTargetUnavailable(error: unknown): void {
  if (classifyError(error) === 'transient') throw error;
}

type ApplyCandidates = (
  transaction: EmployeeReplicaTransaction,
  employees: readonly Candidates[],
) => Promise<ApplyOutcome>;

const applyAll: ApplyCandidates = async (transaction, employees) => ({
  applied: await applyNewest(transaction, employees),
  refused: [],
});

/** Dead-letters each change that the database refuses. The employee's next older change is then tried in its place. */
const applyIsolatingRefused: ApplyCandidates = async (transaction, employees) => {
  let applied = 0;
  const refused: RefusedChange[] = [];
  let pending = employees;
  while (pending.length > 0) {
    const outcome = await bisect(pending, (part) => transaction.withSavepoint(() => applyNewest(transaction, part)));
    applied += outcome.results.reduce((total, count) => total + count, 0);
    for (const { item, error } of outcome.refused) {
      const [newest] = item;
      if (newest) refused.push({ received: newest, deadLetter: deadLetterOfRefused(newest.record, error) });
    }
    pending = outcome.refused.map(({ item }) => item.slice(1)).filter(({ length }) => length > 0);
  }
  return { applied, refused };
};

async function applyNewest(transaction: EmployeeReplicaTransaction, employees: readonly Candidates[]): Promise<number> {
  const newest = employees.flatMap(([first]) => (first ? [first.change] : []));
  return newest.length === 0 ? 0 : transaction.apply(newest);
}

/** The source still has these employees, so they must not be deleted with the older epochs when the snapshot ends. */
async function retainThroughSnapshot(transaction: EmployeeReplicaTransaction, notApplied: Candidates): Promise<void> {
  const employees = notApplied
    .filter(({ change }) => change.action === 'SNAPSHOT')
    .map(({ change }) => ({ empId: change.employee.empId, epoch: change.epoch }));
  if (employees.length > 0) await transaction.retainThroughSnapshot(employees);
}

/** The last partition of a snapshot deletes the employees of older epochs. */
async function recordSnapshotEnds(
  transaction: EmployeeReplicaTransaction,
  ends: readonly ReceivedChange<SnapshotEnd>[],
): Promise<void> {
  for (const { change, record } of ends) {
    const isComplete = await transaction.recordSnapshotEnd(change.epoch, record.partition, change.partitions);
    if (isComplete) await transaction.raiseWatermark(lastVersionBefore(change.epoch));
  }
}

function deadLetterOfRefused(record: KafkaRecord, error: unknown): DeadLetter {
  const reason = `the target database refuses this change with SQLSTATE ${sqlStateOf(error)}`;
  return deadLetterOfRecord(record, 'PIPE_CHANGE_REFUSED', reason);
}
