import type { KafkaConfig } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { type Logger, reasonOf } from '../logger.ts';
import { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { FailureDestination } from '../model/failed-batch.ts';
import type { Invoker } from '../model/invocation.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { Batch } from './batch.ts';
import { BatchDelivery, type RetryBackoff } from './batch-delivery.ts';
import { GroupConsumer } from './group-consumer.ts';
import type { KafkaEventWriter } from './kafka-event.ts';
import type { JoinedGroup } from './kafkajs-internals.ts';
import type { MemberLedger } from './member-ledger.ts';
import { OffsetCommitter } from './offset-committer.ts';
import { PartitionIntake } from './partition-intake.ts';
import { PollerPool } from './poller-pool.ts';
import type { NullFields } from './record.ts';
import { committedOffsets } from './starting-offsets.ts';

export interface KafkaEventSourceOptions {
  readonly nullFields: NullFields;
  readonly filterMismatch: 'pass' | 'drop';
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  readonly retryBackoff: RetryBackoff;
  readonly outageBackoff: RetryBackoff;
  /** How long the group waits for a member that died before it shares out its partitions. */
  readonly sessionTimeoutMs: number;
  readonly client?: Partial<KafkaConfig>;
}

export interface KafkaEventSourceDependencies {
  readonly mapping: KafkaMapping;
  readonly writer: KafkaEventWriter;
  readonly invoker: Invoker;
  readonly destination?: FailureDestination;
  readonly ledger: MemberLedger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly options: KafkaEventSourceOptions;
}

const FETCH_BYTES = { smallest: 64 * 1024, largest: 1024 * 1024, perRecord: 512 };
/** Also how long kafkajs rests when every partition is paused, so it must be shorter than what waits lasts. */
const FETCH_WAIT_MS = 50;
const HEARTBEAT_WHILE_WAITING_MS = 500;

/**
 * One event source mapping at work: polls its topic as a member of its consumer group, makes batches, has them
 * delivered and commits what is settled. At least once, in order per partition, also over rebalances: before the group
 * is joined anew, the batches in flight end and their progress is committed.
 */
export class KafkaEventSource {
  readonly mapping: KafkaMapping;
  readonly metrics = new MappingMetrics();
  readonly #dependencies: KafkaEventSourceDependencies;
  readonly #delivery: BatchDelivery;
  readonly #committer: OffsetCommitter;
  readonly #consumer: GroupConsumer;
  readonly #intake: PartitionIntake;
  readonly #pollers: PollerPool;
  readonly #polling = Promise.withResolvers<void>();
  #generation = new AbortController();
  #stopping = false;

  constructor(dependencies: KafkaEventSourceDependencies) {
    const { mapping, writer, log, options } = dependencies;
    const { metrics } = this;
    this.#dependencies = dependencies;
    this.mapping = mapping;
    this.#committer = new OffsetCommitter({ topic: mapping.topic, mappingId: mapping.id, metrics, log });
    this.#delivery = new BatchDelivery({
      mapping,
      writer,
      invoker: dependencies.invoker,
      ...(dependencies.destination !== undefined && { destination: dependencies.destination }),
      metrics,
      log,
      clock: dependencies.clock,
      retryBackoff: options.retryBackoff,
      outageBackoff: options.outageBackoff,
    });
    this.#pollers = new PollerPool({
      mapping,
      writer,
      metrics,
      log,
      deliver: (batch) => this.#deliver(batch),
      onTaken: (queue) => this.#intake.taken(queue),
    });
    this.#intake = new PartitionIntake({
      mapping,
      nullFields: options.nullFields,
      filterMismatch: options.filterMismatch,
      metrics,
      log,
      pause: (partition) => this.#consumer.pause(partition),
      resume: (partition) => this.#consumer.resume(partition),
      onArrived: (queue) => this.#pollers.recordsArrived(queue),
      onNothingLeft: (queue) => this.#committer.commit(queue, queue.polledUpTo),
      onGap: (reason) => this.#consumer.restart(reason),
    });
    this.#consumer = new GroupConsumer({
      client: { clientId: `event-source-${mapping.uuid}`, ...options.client, brokers: [...mapping.brokers] },
      mappingId: mapping.id,
      groupId: mapping.consumerGroupId,
      topic: mapping.topic,
      readUncommitted: options.isolationLevel === 'read_uncommitted',
      rebalanceTimeoutMs: Math.max(60_000, (mapping.function.timeoutSeconds + 30) * 1_000),
      sessionTimeoutMs: options.sessionTimeoutMs,
      maxBytesPerPartition: Math.min(
        FETCH_BYTES.largest,
        Math.max(FETCH_BYTES.smallest, mapping.batchSize * FETCH_BYTES.perRecord),
      ),
      maxWaitMs: FETCH_WAIT_MS,
      beforeJoin: (group) => this.#beforeJoin(group),
      afterJoin: (group) => this.#afterJoin(group),
      beforeFetch: () => this.#intake.untilRoom(),
      onBatch: (payload, fetchedOffset) => this.#intake.ingest(payload, fetchedOffset),
      onSkipped: (partition, fetchedOffset, nextOffset) => this.#intake.skip(partition, fetchedOffset, nextOffset),
      onPollingError: () => {
        metrics.PollingErrorCount += 1;
      },
      log,
    });
  }

  start(): void {
    this.#consumer.start();
  }

  /** Resolves when the group was joined for the first time. */
  polling(): Promise<void> {
    return this.#polling.promise;
  }

  /** Ends within about the time given, even when an invocation hangs: what it had not settled is delivered again. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#stopping = true;
    this.#generation.abort();
    this.#pollers.stop();
    const idle = new AbortController();
    const grace = this.#dependencies.clock.wait(graceMs, idle.signal).catch(() => {});
    await Promise.race([this.#pollers.idle().finally(() => idle.abort()), grace]);
    await this.#committer.flush();
    await this.#consumer.stop();
  }

  /** How far the broker is ahead of what is committed: brings the counters of the lag up to date. */
  updateLag(): void {
    this.#intake.updateLag();
  }

  async #beforeJoin(group: JoinedGroup): Promise<void> {
    this.#pollers.stop();
    // Waiting for the next attempt is broken off, an invocation under way is not.
    this.#generation.abort();
    const idle = this.#pollers.idle();
    let waiting = true;
    idle.finally(() => {
      waiting = false;
    });
    while (waiting && !this.#stopping) {
      await Promise.race([
        idle,
        this.#dependencies.clock.wait(HEARTBEAT_WHILE_WAITING_MS, new AbortController().signal),
      ]);
      // The broker drops a member that is silent for its session's time; it answers that the group rebalances.
      if (waiting) await group.heartbeat({ interval: 0 }).catch(() => {});
    }
    await this.#committer.flush();
    this.#committer.useGroup(undefined);
    this.#intake.revokeAll();
    if (group.memberId === null) await this.#dependencies.ledger.dismissPredecessor(group);
  }

  async #afterJoin(group: JoinedGroup): Promise<void> {
    const { mapping, log, ledger } = this.#dependencies;
    ledger.remember(group);
    const offsets = await committedOffsets(group, mapping.topic, mapping.startingPosition);
    const partitions = group.assigned().find(({ topic }) => topic === mapping.topic)?.partitions ?? [];
    const queues = this.#intake.assign(
      new Map(partitions.map((partition) => [partition, offsets.get(partition) ?? 0])),
    );
    this.#generation = new AbortController();
    this.#committer.useGroup(group);
    this.#pollers.assign(queues);
    log.info('polling', {
      mapping: mapping.id,
      consumerGroupId: mapping.consumerGroupId,
      brokers: mapping.brokers,
      topic: mapping.topic,
      assignedPartitions: queues.map(({ partition, committed }) => ({ partition, committed })),
      pollers: this.#pollers.size,
    });
    this.#polling.resolve();
  }

  async #deliver(batch: Batch): Promise<void> {
    const { signal } = this.#generation;
    const commit = () => {
      for (const queue of batch.queues) this.#committer.commit(queue, batch.committableOffset(queue));
    };
    try {
      await this.#delivery.deliver(
        batch.records,
        (settled) => {
          batch.settle(settled);
          commit();
        },
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#dependencies.log.error('a batch could not be delivered; its partitions start again at their last commit', {
        mapping: this.mapping.id,
        reason: reasonOf(error),
      });
      this.#consumer.restart(error);
    }
  }
}
