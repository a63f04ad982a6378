import { type Logger, reasonOf } from '../../logger.ts';
import type { MappingMetrics } from '../../metrics/mapping-metrics.ts';
import type { FailedBatch, FailureDestination } from '../../model/failed-batch.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import { offsetRanges } from './offset-ranges.ts';

export interface DiscardedRecordsDependencies {
  readonly mapping: KafkaMapping;
  /** Absent: discarded records are dropped. */
  readonly destination?: FailureDestination;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
}

/** Handles records that are no longer retried: sends them to the on-failure destination, or drops them. */
export class DiscardedRecords {
  readonly #dependencies: DiscardedRecordsDependencies;

  constructor(dependencies: DiscardedRecordsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Never rejects: as on AWS, records are lost when the destination fails. */
  async discard(batch: FailedBatch): Promise<void> {
    const { mapping, metrics, log, destination } = this.#dependencies;
    const count = batch.records.length;
    const fields = {
      mapping: mapping.id,
      condition: batch.condition,
      offsets: offsetRanges(mapping.topic, batch.records),
      records: count,
    };
    if (destination === undefined) {
      metrics.DroppedEventCount += count;
      log.warn('records dropped; set DestinationConfig.OnFailure to keep track of them', fields);
      return;
    }
    const to = mapping.onFailureDestination;
    try {
      await destination.deliver(batch);
      metrics.OnFailureDestinationDeliveredEventCount += count;
      log.info('records discarded and sent to the on-failure destination', { ...fields, to });
    } catch (error) {
      metrics.OnFailureDestinationDeliveryErrorCount += 1;
      metrics.DroppedEventCount += count;
      log.error('records dropped, because the on-failure destination failed', {
        ...fields,
        to,
        reason: reasonOf(error),
      });
    }
  }
}
