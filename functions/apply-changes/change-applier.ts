import { bisect } from '../core/bisect.ts';
import { planBatch } from '../core/change-batch.ts';
import { decodeChange, type ReceivedChange } from '../core/change-record.ts';
import { violatedRule, type ChangeRule } from '../core/change-rules.ts';
import { lastVersionBefore } from '../core/change-version.ts';
import { classifyError, sqlStateOf } from '../core/classify-error.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import type { EmployeeChange, SnapshotEnd } from '../core/employee-change.ts';
import { InputError } from '../core/errors.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { EmployeeReplica, EmployeeReplicaTransaction } from '../ports/employee-replica.ts';

export interface ApplyResult {
  /** Employees changed by this batch. */
  readonly applied: number;
  readonly received: number;
  readonly deadLettered: number;
}

interface Refused {
  readonly received: ReceivedChange<EmployeeChange>;
  readonly deadLetter: DeadLetter;
}

type Candidates = readonly ReceivedChange<EmployeeChange>[];

/**
 * Brings a batch of changes into the replica in one transaction. Applying it again, late, twice at once or out of order
 * changes nothing: versions decide.
 *
 * Records that can never succeed become dead deadLetters before the batch is answered for; anything else that goes wrong is
 * thrown, and the event source brings the whole batch again.
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

  async apply(records: readonly KafkaRecord[]): Promise<ApplyResult> {
    const { good, broken, deadLetters } = this.#judge(records);
    const { applied, refused } = await this.#write(good, broken);
    deadLetters.push(...refused.map(({ deadLetter }) => deadLetter));
    // Behind the commit: a crash in between brings the batch again, and with it the deadLetters.
    if (deadLetters.length > 0) await this.#deadLetters.publish(deadLetters);
    return { applied, received: records.length, deadLettered: deadLetters.length };
  }

  /** Judges each record by itself, before and whatever its version. */
  #judge(records: readonly KafkaRecord[]) {
    const good: ReceivedChange[] = [];
    const broken: ReceivedChange<EmployeeChange>[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const record of records) {
      try {
        const change = decodeChange(record);
        if (change.action === 'TRUNCATE' || change.action === 'SNAPSHOT_END') {
          good.push({ change, record });
          continue;
        }
        const rule = this.#rules.length === 0 ? undefined : violatedRule(this.#rules, change);
        if (rule === undefined) {
          good.push({ change, record });
          continue;
        }
        broken.push({ change, record });
        deadLetters.push(deadLetterOfRecord(record, rule.name, `rule ${rule.name} expects ${rule.expectation}`));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        deadLetters.push(deadLetterOfRecord(record, error.code, error.message));
      }
    }
    return { good, broken, deadLetters };
  }

  async #write(good: readonly ReceivedChange[], broken: Candidates) {
    if (good.length === 0 && broken.length === 0) return { applied: 0, refused: [] };
    try {
      return await this.#writeWith(applyAll, good, broken);
    } catch (error) {
      if (classifyError(error) === 'transient') throw error;
      return await this.#writeWith(applyIsolating, good, broken);
    }
  }

  async #writeWith(apply: ApplyCandidates, good: readonly ReceivedChange[], broken: Candidates) {
    const raises = good.some(({ change }) => change.action === 'TRUNCATE' || change.action === 'SNAPSHOT_END');
    return this.#replica.transaction(raises ? 'exclusive' : 'shared', async (replica) => {
      const plan = planBatch(good, replica.watermark);
      if (plan.truncate) await replica.raiseWatermark(plan.truncate);
      const { applied, refused } = await apply(replica, plan.candidates);
      // The source has these employees, so they must not leave with the older epochs; they stay what they were.
      const kept = [...broken, ...refused.map(({ received }) => received)]
        .filter(({ change }) => change.action === 'SNAPSHOT')
        .map(({ change }) => ({ empId: change.employee.empId, epoch: change.epoch }));
      if (kept.length > 0) await replica.retainThroughSnapshot(kept);
      await endSnapshots(replica, plan.snapshotEnds);
      return { applied, refused };
    });
  }
}

type ApplyCandidates = (
  replica: EmployeeReplicaTransaction,
  candidates: readonly Candidates[],
) => Promise<{ readonly applied: number; readonly refused: readonly Refused[] }>;

const applyAll: ApplyCandidates = async (replica, candidates) => ({
  applied: await applyNewest(replica, candidates),
  refused: [],
});

/** Dead-deadLetters each change that the database refuses; the next older change of that employee then applies instead. */
const applyIsolating: ApplyCandidates = async (replica, candidates) => {
  let applied = 0;
  const refused: Refused[] = [];
  let pending = candidates;
  while (pending.length > 0) {
    const outcome = await bisect(pending, (part) => replica.withSavepoint(() => applyNewest(replica, part)));
    applied += outcome.results.reduce((total, count) => total + count, 0);
    for (const { item, error } of outcome.refused) {
      const [newest] = item;
      if (newest) refused.push({ received: newest, deadLetter: refusedChange(newest.record, error) });
    }
    pending = outcome.refused.map(({ item }) => item.slice(1)).filter(({ length }) => length > 0);
  }
  return { applied, refused };
};

async function applyNewest(replica: EmployeeReplicaTransaction, candidates: readonly Candidates[]): Promise<number> {
  const newest = candidates.flatMap(([first]) => (first ? [first.change] : []));
  return newest.length === 0 ? 0 : replica.apply(newest);
}

async function endSnapshots(
  replica: EmployeeReplicaTransaction,
  ends: readonly ReceivedChange<SnapshotEnd>[],
): Promise<void> {
  for (const { change, record } of ends) {
    const complete = await replica.recordSnapshotEnd(change.epoch, record.partition, change.partitions);
    if (complete) await replica.raiseWatermark(lastVersionBefore(change.epoch));
  }
}

function refusedChange(record: KafkaRecord, error: unknown): DeadLetter {
  const reason = `the database refuses this change with SQLSTATE ${sqlStateOf(error)}`;
  return deadLetterOfRecord(record, 'PIPE_CHANGE_REFUSED', reason);
}
