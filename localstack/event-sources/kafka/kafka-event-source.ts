import type { EachBatchPayload, KafkaConfig } from 'kafkajs';
import { filterPasses } from '../filter/filter-criteria.ts';
import type { Invoker } from '../invoke/lambda-client.ts';
import { type Log, reasonOf } from '../log.ts';
import { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { Batch } from './batch.ts';
import { BatchDelivery, type Clock, type RetryBackoff } from './batch-delivery.ts';
import type { FailureDestination } from './failed-batch.ts';
import { GroupConsumer } from './group-consumer.ts';
import { type KafkaEventWriter, MAX_PAYLOAD_BYTES } from './kafka-event.ts';
import type { JoinedGroup } from './kafkajs-internals.ts';
import type { KafkaMapping } from './mapping.ts';
import type { MemberLedger } from './member-ledger.ts';
import { OffsetCommitter } from './offset-committer.ts';
import { PartitionQueue } from './partition-queue.ts';
import { INVOCATIONS_PER_POLLER, Poller } from './poller.ts';
import { type NullFields, RecordSerialiser } from './record.ts';
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
  readonly log: Log;
  readonly options: KafkaEventSourceOptions;
}

/** With a small batch size as many records wait all the same, so that the next batches need not be fetched first. */
const LEAST_WAITING_RECORDS = 500;
const FETCH_BYTES = { smallest: 64 * 1024, largest: 1024 * 1024, perRecord: 512 };
/** Also how long kafkajs rests when every partition is paused, so it must be shorter than what waits lasts. */
const FETCH_WAIT_MS = 50;
const LONGEST_WAIT_FOR_ROOM_MS = 300;
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
  readonly #writer: KafkaEventWriter;
  readonly #delivery: BatchDelivery;
  readonly #committer: OffsetCommitter;
  readonly #consumer: GroupConsumer;
  #queues = new Map<number, PartitionQueue>();
  #pollers: Poller[] = [];
  #pollerOf = new Map<number, Poller>();
  #generation = new AbortController();
  #highWatermarks = new Map<number, number>();
  #polling = Promise.withResolvers<void>();
  #room: (() => void) | undefined;
  #stopping = false;

  constructor(dependencies: KafkaEventSourceDependencies) {
    const { mapping, log, options } = dependencies;
    this.#dependencies = dependencies;
    this.mapping = mapping;
    this.#writer = dependencies.writer;
    this.#committer = new OffsetCommitter({
      topic: mapping.topic,
      mappingId: mapping.id,
      metrics: this.metrics,
      log,
    });
    this.#delivery = new BatchDelivery({
      mapping,
      writer: this.#writer,
      invoker: dependencies.invoker,
      ...(dependencies.destination !== undefined && { destination: dependencies.destination }),
      metrics: this.metrics,
      log,
      clock: dependencies.clock,
      retryBackoff: options.retryBackoff,
      outageBackoff: options.outageBackoff,
    });
    this.#consumer = new GroupConsumer({
      client: { clientId: `event-source-${mapping.uuid}`, ...options.client, brokers: [...mapping.brokers] },
      mappingId: mapping.id,
      groupId: mapping.consumerGroupId,
      topic: mapping.topic,
      fromBeginning: mapping.startingPosition.type !== 'LATEST',
      readUncommitted: options.isolationLevel === 'read_uncommitted',
      rebalanceTimeoutMs: Math.max(60_000, (mapping.function.timeoutSeconds + 30) * 1_000),
      sessionTimeoutMs: options.sessionTimeoutMs,
      maxBytesPerPartition: Math.min(
        FETCH_BYTES.largest,
        Math.max(FETCH_BYTES.smallest, mapping.batchSize * FETCH_BYTES.perRecord),
      ),
      maxWaitMs: FETCH_WAIT_MS,
      hooks: {
        beforeJoin: (group) => this.#beforeJoin(group),
        afterJoin: (group) => this.#afterJoin(group),
        beforeFetch: () => this.#untilRoom(),
      },
      onBatch: (payload) => this.#ingest(payload),
      onSkipped: (partition, nextOffset) => this.#skipTo(partition, nextOffset),
      onPollingError: () => {
        this.metrics.PollingErrorCount += 1;
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
    for (const poller of this.#pollers) poller.stop();
    await Promise.race([this.#idle(), this.#dependencies.clock.wait(graceMs, new AbortController().signal)]);
    await this.#committer.flush();
    await this.#consumer.stop();
    this.#dependencies.ledger.forget(this.mapping.consumerGroupId);
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#pollers.map((poller) => poller.idle()));
  }

  async #beforeJoin(group: JoinedGroup): Promise<void> {
    for (const poller of this.#pollers) poller.stop();
    // Waiting for the next attempt is broken off, an invocation under way is not.
    this.#generation.abort();
    const idle = this.#idle();
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
    for (const queue of this.#queues.values()) queue.revoked = true;
    this.#queues.clear();
    if (group.memberId === null) await this.#dependencies.ledger.dismissPredecessor(group);
  }

  async #afterJoin(group: JoinedGroup): Promise<void> {
    const { mapping, log, ledger } = this.#dependencies;
    ledger.remember(group);
    const offsets = await committedOffsets(group, mapping.topic, mapping.startingPosition);
    const partitions = group.assigned().find(({ topic }) => topic === mapping.topic)?.partitions ?? [];
    const queues = [...partitions]
      .sort((a, b) => a - b)
      .map((partition) => this.#newQueue(partition, offsets.get(partition) ?? 0));
    for (const { partition } of queues) this.#consumer.resume(partition);
    this.#queues = new Map(queues.map((queue) => [queue.partition, queue]));
    this.#generation = new AbortController();
    this.#committer.useGroup(group);
    this.#assignPollers(queues);
    log.info('polling', {
      mapping: mapping.id,
      consumerGroupId: mapping.consumerGroupId,
      brokers: mapping.brokers,
      topic: mapping.topic,
      assignedPartitions: queues.map(({ partition, committed }) => ({ partition, committed })),
      pollers: this.#pollers.length,
    });
    this.#polling.resolve();
  }

  #assignPollers(queues: readonly PartitionQueue[]): void {
    const { mapping, log } = this.#dependencies;
    const count = Math.max(1, Math.min(queues.length, mapping.pollers?.maximum ?? 1));
    this.metrics.ProvisionedPollers = mapping.pollers === undefined ? 0 : count;
    for (const poller of this.#pollers) poller.stop();
    this.#pollers = Array.from(
      { length: count },
      () =>
        new Poller({
          mappingId: mapping.id,
          batchSize: mapping.batchSize,
          windowMs: mapping.windowMs,
          maximumInvocations: INVOCATIONS_PER_POLLER,
          writer: this.#writer,
          deliver: (batch) => this.#deliver(batch),
          onTaken: (queue) => this.#resumeWhenLow(queue),
          log,
        }),
    );
    this.#pollers.forEach((poller, index) => {
      const own = queues.filter((_, position) => position % count === index);
      for (const { partition } of own) this.#pollerOf.set(partition, poller);
      poller.assign(own);
    });
  }

  #newQueue(partition: number, committed: number): PartitionQueue {
    const { mapping, options } = this.#dependencies;
    return new PartitionQueue(new RecordSerialiser(mapping.topic, partition, options.nullFields), committed);
  }

  #ingest({ batch }: EachBatchPayload): void {
    const queue = this.#queueFor(batch.partition, Number(batch.firstOffset() ?? 0));
    if (queue === undefined) return;
    const { mapping, options } = this.#dependencies;
    const arrivedAtMs = performance.now();
    const polled = batch.messages.length;
    for (const message of batch.messages) {
      if (mapping.filterCriteria && !filterPasses(mapping.filterCriteria, message.value, options.filterMismatch)) {
        this.metrics.FilteredOutEventCount += 1;
        continue;
      }
      queue.push(queue.serialiser.read(message, arrivedAtMs));
    }
    this.metrics.PolledEventCount += polled;
    this.#highWatermarks.set(batch.partition, Number(batch.highWatermark));
    this.#dependencies.log.debug('polled', () => ({
      mapping: mapping.id,
      partition: batch.partition,
      offsets: `${batch.firstOffset()}-${batch.lastOffset()}`,
      records: polled,
      waiting: queue.length,
    }));
    this.#skipTo(batch.partition, Number(batch.lastOffset()) + 1);
    if (queue.length >= this.#highWater || queue.bytes >= MAX_PAYLOAD_BYTES) {
      queue.paused = true;
      this.#consumer.pause(batch.partition);
    }
    this.#pollerOf.get(batch.partition)?.recordsArrived();
  }

  /** The partition's queue; a new one when offsets begin again, because the topic was made anew or lost its tail. */
  #queueFor(partition: number, firstOffset: number): PartitionQueue | undefined {
    const queue = this.#queues.get(partition);
    if (queue === undefined || firstOffset >= queue.polledUpTo) return queue;
    this.#dependencies.log.warn('offsets of the partition have gone back; reading on from there', {
      mapping: this.mapping.id,
      partition,
      expected: queue.polledUpTo,
      got: firstOffset,
    });
    queue.revoked = true;
    this.#queues.set(partition, this.#newQueue(partition, firstOffset));
    this.#assignPollers([...this.#queues.values()]);
    return this.#queues.get(partition);
  }

  /** Everything before the offset was polled; where nothing of it has to be delivered, it is committed at once. */
  #skipTo(partition: number, nextOffset: number): void {
    const queue = this.#queues.get(partition);
    if (queue === undefined) return;
    queue.polledUpTo = Math.max(queue.polledUpTo, nextOffset);
    if (!queue.inFlight && queue.length === 0) this.#committer.commit(queue, queue.polledUpTo);
  }

  get #highWater(): number {
    return Math.max(LEAST_WAITING_RECORDS, 2 * this.mapping.batchSize);
  }

  /**
   * With every partition paused, kafkajs would sleep for a whole fetch wait, whatever becomes free meanwhile. Waits for
   * the first partition instead; not for long, since heartbeats come between fetches.
   */
  async #untilRoom(): Promise<void> {
    if (this.#queues.size === 0) return;
    for (const queue of this.#queues.values()) if (!queue.paused) return;
    const room = Promise.withResolvers<void>();
    this.#room = room.resolve;
    const timer = setTimeout(room.resolve, LONGEST_WAIT_FOR_ROOM_MS);
    await room.promise;
    clearTimeout(timer);
  }

  #resumeWhenLow(queue: PartitionQueue): void {
    if (!queue.paused || queue.length >= this.#highWater || queue.bytes >= MAX_PAYLOAD_BYTES) return;
    queue.paused = false;
    this.#consumer.resume(queue.partition);
    this.#room?.();
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

  /** How far the broker is ahead of what is committed, over the partitions of this process. */
  updateLag(): void {
    let sum = 0;
    let max = 0;
    for (const queue of this.#queues.values()) {
      const lag = Math.max(0, (this.#highWatermarks.get(queue.partition) ?? queue.committed) - queue.committed);
      sum += lag;
      max = Math.max(max, lag);
    }
    this.metrics.OffsetLag = sum;
    this.metrics.SumOffsetLag = sum;
    this.metrics.MaxOffsetLag = max;
  }
}
