import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { FailureDestination } from '../model/failed-batch.ts';
import type { Invoker } from '../model/invocation.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { Standstills } from '../standstill/standstills.ts';
import type { PartitionProcessing } from './assigned-partitions.ts';
import type { ConsumerOptions } from './consumer/consumer-config.ts';
import { GroupConsumer } from './consumer/group-consumer.ts';
import type { MemberIds } from './consumer/member-ids.ts';
import { BatchDelivery, type BatchDeliveryDependencies } from './delivery/batch-delivery.ts';
import { KafkaEventSerializer } from './event/kafka-event-serializer.ts';
import { MappingPipeline } from './mapping-pipeline.ts';
import { SchemaLoader } from './schema/schema-loader.ts';

export type KafkaEventSourceOptions = ConsumerOptions &
  PartitionProcessing['options'] &
  BatchDeliveryDependencies['options'];

export interface KafkaEventSourceDependencies {
  readonly mapping: KafkaMapping;
  readonly invoker: Invoker;
  /** Absent: discarded records are dropped. */
  readonly destination?: FailureDestination;
  readonly memberIds: MemberIds;
  readonly clock: Clock;
  readonly log: Logger;
  readonly standstills: Standstills;
  readonly options: KafkaEventSourceOptions;
}

/** One event source mapping at work: its consumer, and the pipeline from fetched records to committed offsets. */
export class KafkaEventSource {
  readonly mapping: KafkaMapping;
  readonly metrics = new MappingMetrics();
  readonly #consumer: GroupConsumer;
  readonly #pipeline: MappingPipeline;

  constructor(given: KafkaEventSourceDependencies) {
    this.mapping = given.mapping;
    const dependencies = { ...given, metrics: this.metrics, serializer: new KafkaEventSerializer(given.mapping) };
    this.#consumer = new GroupConsumer(dependencies);
    const delivery = new BatchDelivery(dependencies);
    const { schemaRegistry } = given.mapping;
    const schemas = schemaRegistry && new SchemaLoader(schemaRegistry, dependencies);
    this.#pipeline = new MappingPipeline({
      ...dependencies,
      ...(schemas && { schemas }),
      delivery,
      fetching: this.#consumer,
    });
  }

  /** Returns at once; the group is joined in the background. */
  start(): void {
    this.#consumer.start(this.#pipeline);
  }

  /** Resolves when the group was joined for the first time. */
  polling(): Promise<void> {
    return this.#pipeline.polling();
  }

  /** Ends after about `graceMs` even if an invocation hangs. What is not settled then is delivered again. */
  async stop(graceMs = 5_000): Promise<void> {
    await this.#pipeline.stop(graceMs);
    await this.#consumer.stop();
  }

  /** Brings the metrics of the offset lag and of the pollers up to date. */
  updateMetrics(): void {
    this.#pipeline.updateMetrics();
  }
}
