import type { Clock } from '../clock.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { FailedBatch, FailureDestination } from '../model/failed-batch.ts';
import type { InvocationOutcome, Invoker } from '../model/invocation.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { PolledRecord } from '../model/polled-record.ts';
import { offsetRanges } from './batch.ts';
import { readItemFailures } from './item-failures.ts';
import type { KafkaEventWriter } from './kafka-event.ts';

/** AWS caps endless retries at ten as soon as a failed batch has somewhere to go. */
const RETRIES_WITH_DESTINATION = 10;

export interface RetryBackoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

export interface BatchDeliveryDependencies {
  readonly mapping: KafkaMapping;
  readonly writer: KafkaEventWriter;
  readonly invoker: Invoker;
  /** Absent: what is given up is dropped. */
  readonly destination?: FailureDestination;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** After function errors. */
  readonly retryBackoff: RetryBackoff;
  /** After throttling, service errors and network faults, which use up no attempt. */
  readonly outageBackoff: RetryBackoff;
}

/** Told of records as soon as they are done with, so that progress can be committed. */
export type OnSettled = (records: readonly PolledRecord[]) => void;

/**
 * Delivers one batch by AWS's rules: retried until it succeeds or runs out of attempts or age, split in two when the
 * mapping bisects, only the reported records when the function reports failures. Resolves when every record is settled,
 * rejects only when the signal aborts: what was not settled then belongs to whoever reads the partition next.
 */
export class BatchDelivery {
  readonly #dependencies: BatchDeliveryDependencies;
  readonly #maximumRetries: number;

  constructor(dependencies: BatchDeliveryDependencies) {
    this.#dependencies = dependencies;
    const { maximumRetryAttempts, onFailureDestination } = dependencies.mapping;
    if (maximumRetryAttempts >= 0) this.#maximumRetries = maximumRetryAttempts;
    else if (onFailureDestination === undefined) this.#maximumRetries = Number.POSITIVE_INFINITY;
    else this.#maximumRetries = RETRIES_WITH_DESTINATION;
  }

  async deliver(records: readonly PolledRecord[], onSettled: OnSettled, signal: AbortSignal): Promise<void> {
    let left = await this.#giveUpOversized(records, onSettled);
    let invokeCount = 0;
    let outages = 0;
    let lastOutcome: InvocationOutcome | undefined;
    for (;;) {
      left = await this.#giveUpExpired(left, invokeCount, lastOutcome, onSettled);
      if (left.length === 0) return;
      signal.throwIfAborted();
      const outcome = await this.#invoke(left, invokeCount + 1);
      lastOutcome = outcome;
      if (outcome.kind === 'notInvoked') {
        outages += 1;
        await this.#wait(this.#dependencies.outageBackoff, outages, signal);
        continue;
      }
      outages = 0;
      invokeCount += 1;
      const failed = this.#failedRecords(outcome, left);
      if (failed.length < left.length) {
        const stillFailing = new Set(failed);
        onSettled(left.filter((record) => !stillFailing.has(record)));
      }
      if (failed.length === 0) return;
      left = failed;
      if (this.#dependencies.mapping.bisectBatchOnFunctionError && left.length > 1) {
        // Splitting uses up no attempt; the first half is done with before the second, which keeps the order.
        const middle = left.length >> 1;
        await this.deliver(left.slice(0, middle), onSettled, signal);
        await this.deliver(left.slice(middle), onSettled, signal);
        return;
      }
      if (invokeCount > this.#maximumRetries) {
        await this.#giveUp({ condition: 'RetryAttemptsExhausted', records: left, invokeCount, lastOutcome }, onSettled);
        return;
      }
      await this.#wait(this.#dependencies.retryBackoff, invokeCount, signal);
    }
  }

  async #invoke(records: readonly PolledRecord[], attempt: number): Promise<InvocationOutcome> {
    const { mapping, writer, invoker, metrics, log } = this.#dependencies;
    const payload = writer.write(records);
    const bytes = Buffer.byteLength(payload);
    const startedAt = performance.now();
    const outcome = await invoker.invoke({
      functionName: mapping.function.name,
      payload,
      payloadBytes: bytes,
      timeoutSeconds: mapping.function.timeoutSeconds,
    });
    metrics.InvokedEventCount += records.length;
    if (outcome.kind !== 'success') {
      metrics.InvokeErrorCount += 1;
      metrics.FailedInvokeEventCount += records.length;
    }
    log.info('batch', {
      mapping: mapping.id,
      offsets: offsetRanges(mapping.topic, records),
      records: records.length,
      bytes,
      durationMs: Math.round(performance.now() - startedAt),
      outcome: outcome.kind,
      attempt,
      ...(outcome.kind === 'functionError' && { functionError: outcome.functionError }),
      ...(outcome.kind === 'notInvoked' && { reason: outcome.reason }),
    });
    return outcome;
  }

  #failedRecords(
    outcome: Exclude<InvocationOutcome, { kind: 'notInvoked' }>,
    records: readonly PolledRecord[],
  ): readonly PolledRecord[] {
    const { mapping, metrics, log } = this.#dependencies;
    if (outcome.kind === 'functionError') return records;
    if (!mapping.reportsBatchItemFailures) return [];
    const failures = readItemFailures(mapping.topic, outcome.body, records);
    if (failures.kind === 'invalid') {
      log.warn('the answer does not fit ReportBatchItemFailures, so the whole batch counts as failed', {
        mapping: mapping.id,
        reason: failures.reason,
      });
    }
    const failed = failures.kind === 'invalid' ? records : failures.records;
    metrics.FailedInvokeEventCount += failed.length;
    return failed;
  }

  async #giveUpOversized(records: readonly PolledRecord[], onSettled: OnSettled): Promise<readonly PolledRecord[]> {
    const { writer } = this.#dependencies;
    const oversized = records.filter((record) => !writer.fitsAlone(record));
    if (oversized.length === 0) return records;
    await this.#giveUp({ condition: 'MaximumPayloadSizeExceeded', records: oversized, invokeCount: 0 }, onSettled);
    return records.filter((record) => writer.fitsAlone(record));
  }

  async #giveUpExpired(
    records: readonly PolledRecord[],
    invokeCount: number,
    lastOutcome: InvocationOutcome | undefined,
    onSettled: OnSettled,
  ): Promise<readonly PolledRecord[]> {
    const { mapping, clock } = this.#dependencies;
    if (mapping.maximumRecordAgeSeconds < 0) return records;
    const oldest = clock.now() - mapping.maximumRecordAgeSeconds * 1_000;
    const expired = records.filter((record) => record.timestamp < oldest);
    if (expired.length === 0) return records;
    const answer = lastOutcome === undefined ? {} : { lastOutcome };
    await this.#giveUp({ condition: 'RecordAgeExceeded', records: expired, invokeCount, ...answer }, onSettled);
    return records.filter((record) => record.timestamp >= oldest);
  }

  async #giveUp(batch: FailedBatch, onSettled: OnSettled): Promise<void> {
    const { mapping, metrics, log, destination } = this.#dependencies;
    const where = {
      mapping: mapping.id,
      condition: batch.condition,
      offsets: offsetRanges(mapping.topic, batch.records),
      records: batch.records.length,
    };
    if (destination === undefined) {
      metrics.DroppedEventCount += batch.records.length;
      log.warn('records dropped; name a destination in DestinationConfig.OnFailure to keep track of them', where);
    } else {
      try {
        await destination.deliver(batch);
        metrics.OnFailureDestinationDeliveredEventCount += batch.records.length;
        log.info('records given up and told to the destination', { ...where, to: mapping.onFailureDestination });
      } catch (error) {
        metrics.OnFailureDestinationDeliveryErrorCount += 1;
        metrics.DroppedEventCount += batch.records.length;
        log.error('records dropped: the destination did not take them', {
          ...where,
          to: mapping.onFailureDestination,
          reason: reasonOf(error),
        });
      }
    }
    onSettled(batch.records);
  }

  #wait(backoff: RetryBackoff, failures: number, signal: AbortSignal): Promise<void> {
    const ms = Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(failures - 1, 30));
    return this.#dependencies.clock.wait(ms, signal);
  }
}
