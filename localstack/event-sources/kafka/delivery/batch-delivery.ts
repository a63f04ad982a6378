import { type Clock, EvenTime } from '../../clock.ts';
import type { FailedBatch, FailureCondition } from '../../model/failed-batch.ts';
import type { InvocationOutcome } from '../../model/invocation.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { PolledRecord } from '../../model/polled-record.ts';
import { reasonOfFailure } from '../../standstill/reason-of-failure.ts';
import type { Standstills } from '../../standstill/standstills.ts';
import { bisectBatch } from './bisect-batch.ts';
import { DiscardedRecords, type DiscardedRecordsDependencies } from './discarded-records.ts';
import { FunctionInvocation, type FunctionInvocationDependencies } from './function-invocation.ts';
import { backoffDelayMs, maximumRetries, type RetryBackoff } from './retry-policy.ts';

export interface BatchDeliveryDependencies extends FunctionInvocationDependencies, DiscardedRecordsDependencies {
  readonly clock: Clock;
  readonly standstills: Pick<Standstills, 'report' | 'clear'>;
  readonly options: {
    /** After function errors. */
    readonly retryBackoff: RetryBackoff;
    /** After throttling, service errors and network errors, which do not count as attempts. */
    readonly outageBackoff: RetryBackoff;
  };
}

/** The batch to deliver. `settle` gets each record once, as soon as it needs no more attempts. */
export interface DeliverableBatch {
  readonly records: readonly PolledRecord[];
  settle(records: readonly PolledRecord[]): void;
}

interface TitledBatch extends DeliverableBatch {
  readonly title: string;
}

/**
 * Delivers a batch by AWS's rules: invokes the function until the batch succeeds or its retries or its records' age run
 * out, bisects it if the mapping says so, and retries only the reported records if the function reports failures.
 */
export class BatchDelivery {
  readonly #dependencies: BatchDeliveryDependencies;
  readonly #invocation: FunctionInvocation;
  readonly #discarded: DiscardedRecords;
  readonly #maximumRetries: number;
  readonly #evenTime: EvenTime;

  constructor(dependencies: BatchDeliveryDependencies) {
    this.#dependencies = dependencies;
    this.#evenTime = new EvenTime(dependencies.clock);
    this.#invocation = new FunctionInvocation(dependencies);
    this.#discarded = new DiscardedRecords(dependencies);
    this.#maximumRetries = maximumRetries(dependencies.mapping);
  }

  /**
   * Resolves when all records are settled. Rejects when the signal aborts between two attempts: records that are not
   * settled then are delivered again by the next owner of their partitions.
   */
  async deliver(batch: DeliverableBatch, signal: AbortSignal): Promise<void> {
    const records = await this.#discardUndeliverable(batch);
    const title = batchTitle(this.#dependencies.mapping, records);
    try {
      await this.#invokeUntilSettled(records, { records, title, settle: (settled) => batch.settle(settled) }, signal);
    } finally {
      this.#dependencies.standstills.clear(title);
    }
  }

  async #invokeUntilSettled(records: readonly PolledRecord[], batch: TitledBatch, signal: AbortSignal): Promise<void> {
    const { mapping, options, standstills } = this.#dependencies;
    let remaining = records;
    let invokeCount = 0;
    let outageCount = 0;
    let lastOutcome: InvocationOutcome | undefined;
    for (;;) {
      remaining = await this.#discardExpired(batch, remaining, invokeCount, lastOutcome);
      if (remaining.length === 0) return;
      signal.throwIfAborted();
      const outcome = await this.#invocation.invoke(remaining, invokeCount + 1);
      lastOutcome = outcome;
      if (outcome.kind !== 'success') standstills.report(batch.title, reasonOfFailure(mapping.function.name, outcome));
      if (outcome.kind === 'notInvoked') {
        outageCount += 1;
        await this.#wait(options.outageBackoff, outageCount, signal);
        continue;
      }
      outageCount = 0;
      invokeCount += 1;
      const failed = this.#invocation.failedRecords(outcome, remaining);
      settleOthers(batch, remaining, failed);
      if (failed.length === 0) return;
      remaining = failed;
      if (mapping.bisectBatchOnFunctionError && remaining.length > 1) {
        // Bisecting does not count as a retry. The first half is settled before the second, which keeps the order.
        for (const half of bisectBatch(remaining)) await this.#invokeUntilSettled(half, batch, signal);
        return;
      }
      if (invokeCount > this.#maximumRetries) {
        await this.#discard(batch, {
          condition: 'RetryAttemptsExhausted',
          records: remaining,
          invokeCount,
          lastOutcome,
        });
        return;
      }
      await this.#wait(options.retryBackoff, invokeCount, signal);
    }
  }

  /** Discards records that can never be part of an invocation; returns the others. */
  async #discardUndeliverable(batch: DeliverableBatch): Promise<readonly PolledRecord[]> {
    const conditions = batch.records.map((record) => this.#undeliverableBecause(record));
    for (const condition of new Set(conditions)) {
      if (condition === undefined) continue;
      const records = batch.records.filter((_, index) => conditions[index] === condition);
      await this.#discard(batch, { condition, records, invokeCount: 0 });
    }
    return batch.records.filter((_, index) => conditions[index] === undefined);
  }

  #undeliverableBecause(record: PolledRecord): FailureCondition | undefined {
    if (record.failure !== undefined) return record.failure;
    return this.#dependencies.serializer.fitsPayload(record) ? undefined : 'MaximumPayloadSizeExceeded';
  }

  /** Discards records that are older than the mapping allows; returns the others. */
  async #discardExpired(
    batch: DeliverableBatch,
    records: readonly PolledRecord[],
    invokeCount: number,
    lastOutcome: InvocationOutcome | undefined,
  ): Promise<readonly PolledRecord[]> {
    const { mapping, clock } = this.#dependencies;
    if (mapping.maximumRecordAgeSeconds < 0) return records;
    // The earlier of both, so that setting the wall clock forward or back discards no record.
    const nowMs = Math.min(clock.now(), this.#evenTime.now());
    const oldestAllowed = nowMs - mapping.maximumRecordAgeSeconds * 1_000;
    const expired = records.filter((record) => record.timestamp < oldestAllowed);
    if (expired.length === 0) return records;
    await this.#discard(batch, {
      condition: 'RecordAgeExceeded',
      records: expired,
      invokeCount,
      ...(lastOutcome !== undefined && { lastOutcome }),
    });
    return records.filter((record) => record.timestamp >= oldestAllowed);
  }

  async #discard(batch: DeliverableBatch, failedBatch: FailedBatch): Promise<void> {
    await this.#discarded.discard(failedBatch);
    batch.settle(failedBatch.records);
  }

  #wait(backoff: RetryBackoff, failureCount: number, signal: AbortSignal): Promise<void> {
    return this.#dependencies.clock.wait(backoffDelayMs(backoff, failureCount), signal);
  }
}

/** Names the batch in logs and metrics. */
function batchTitle({ function: { name }, topic }: KafkaMapping, [first]: readonly PolledRecord[]): string {
  return `the batch of ${name} from ${topic}-${first?.partition ?? 0} offset ${first?.offset ?? 0}`;
}

function settleOthers(
  batch: DeliverableBatch,
  records: readonly PolledRecord[],
  failed: readonly PolledRecord[],
): void {
  if (failed.length === records.length) return;
  const failing = new Set(failed);
  batch.settle(records.filter((record) => !failing.has(record)));
}
