import type { Logger } from '../../logger.ts';
import type { MappingMetrics } from '../../metrics/mapping-metrics.ts';
import type { InvocationOutcome, Invoker } from '../../model/invocation.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { PolledRecord } from '../../model/polled-record.ts';
import type { KafkaEventSerializer } from '../event/kafka-event-serializer.ts';
import { readBatchItemFailures } from './batch-item-failures.ts';
import { offsetRanges } from './offset-ranges.ts';

export interface FunctionInvocationDependencies {
  readonly mapping: KafkaMapping;
  readonly serializer: KafkaEventSerializer;
  readonly invoker: Invoker;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
}

/** Invokes the mapping's function with records, and reads from its response which of them failed. */
export class FunctionInvocation {
  readonly #dependencies: FunctionInvocationDependencies;

  constructor(dependencies: FunctionInvocationDependencies) {
    this.#dependencies = dependencies;
  }

  /** `attempt` counts from 1, for the log. */
  async invoke(records: readonly PolledRecord[], attempt: number): Promise<InvocationOutcome> {
    const { mapping, serializer, invoker, metrics, log } = this.#dependencies;
    const payload = serializer.serialize(records);
    const bytes = Buffer.byteLength(payload);
    const startedAt = performance.now();
    const outcome = await invoker.invoke({
      functionName: mapping.function.name,
      ...(mapping.function.qualifier !== undefined && { qualifier: mapping.function.qualifier }),
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

  /** All after a function error; what the function reports with `ReportBatchItemFailures`; else none. */
  failedRecords(
    outcome: Exclude<InvocationOutcome, { kind: 'notInvoked' }>,
    records: readonly PolledRecord[],
  ): readonly PolledRecord[] {
    const { mapping, metrics, log } = this.#dependencies;
    if (outcome.kind === 'functionError') return records;
    if (!mapping.reportsBatchItemFailures) return [];
    const failures = readBatchItemFailures(mapping.topic, outcome.body, records);
    if (failures.kind === 'invalid') {
      log.warn('the response is not valid for ReportBatchItemFailures, so the whole batch counts as failed', {
        mapping: mapping.id,
        reason: failures.reason,
      });
    }
    const failed = failures.kind === 'invalid' ? records : failures.records;
    metrics.FailedInvokeEventCount += failed.length;
    return failed;
  }
}
