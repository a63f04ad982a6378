import type { EachBatchPayload } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { withResolvers } from '../node-20.ts';
import { AssignedPartitions, type PartitionProcessing } from './assigned-partitions.ts';
import type { ConsumerGroup } from './consumer/consumer-group.ts';
import type { ConsumerHandler } from './consumer/group-consumer.ts';
import type { MemberIds } from './consumer/member-ids.ts';
import { committedStartingOffsets } from './offsets/starting-offsets.ts';

export interface MappingPipelineDependencies extends PartitionProcessing {
  readonly memberIds: MemberIds;
  readonly clock: Clock;
}

/** Shorter than any session timeout, so that the broker keeps the member while it waits for its batches in flight. */
const HEARTBEAT_INTERVAL_MS = 500;

/**
 * Handles a mapping's consumer: passes what it fetches to the pipeline of the current assignment, and replaces that when
 * the group rebalances. Delivery is at least once and in order per partition, also over rebalances: before the group is
 * joined again, the batches in flight end and their progress is committed.
 */
export class MappingPipeline implements ConsumerHandler {
  readonly #dependencies: MappingPipelineDependencies;
  readonly #firstJoin = withResolvers<void>();
  #assigned: AssignedPartitions | undefined;
  #group: ConsumerGroup | undefined;
  #stopping = false;

  constructor(dependencies: MappingPipelineDependencies) {
    this.#dependencies = dependencies;
  }

  /** Resolves when the group was joined for the first time. */
  polling(): Promise<void> {
    return this.#firstJoin.promise;
  }

  async beforeJoin(group: ConsumerGroup): Promise<void> {
    const assigned = this.#assigned;
    if (assigned !== undefined) {
      await this.#finish(assigned, group);
      await assigned.flushCommits();
      assigned.revoke();
      this.#assigned = undefined;
    }
    if (group.memberId === null) await this.#dependencies.memberIds.removeStaleMember(group);
  }

  async afterJoin(group: ConsumerGroup): Promise<void> {
    const { mapping, log, memberIds } = this.#dependencies;
    memberIds.save(group);
    this.#group = group;
    const offsets = await committedStartingOffsets(group, mapping.topic, mapping.startingPosition);
    const partitions = group.assigned().find(({ topic }) => topic === mapping.topic)?.partitions ?? [];
    const committed = new Map(partitions.map((partition) => [partition, offsets.get(partition) ?? 0]));
    const assigned = new AssignedPartitions(this.#dependencies, group, committed);
    this.#assigned = assigned;
    log.info('polling', {
      mapping: mapping.id,
      consumerGroupId: mapping.consumerGroupId,
      brokers: mapping.brokers,
      topic: mapping.topic,
      assignedPartitions: assigned.committedOffsets,
      pollers: assigned.pollerCount,
    });
    this.#firstJoin.resolve();
  }

  async beforeFetch(): Promise<void> {
    await this.#assigned?.waitForRoom();
  }

  /** While schemas are loaded, rejects when the group is rebalancing, so that kafkajs joins it again. */
  recordsFetched(batch: EachBatchPayload['batch'], fetchedOffset: number): Promise<void> | undefined {
    const queued = this.#assigned?.recordsFetched(batch, fetchedOffset);
    return queued && this.#heartbeatUntil(queued, async () => this.#group?.heartbeat({ interval: 0 }));
  }

  recordsSkipped(partition: number, fetchedOffset: number, nextOffset: number): void {
    this.#assigned?.recordsSkipped(partition, fetchedOffset, nextOffset);
  }

  /** Waits at most `graceMs` for the invocations in flight. What is not settled then is delivered again. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const assigned = this.#assigned;
    if (assigned === undefined) return;
    const finished = new AbortController();
    const grace = this.#dependencies.clock.wait(graceMs, finished.signal).catch(() => {});
    await Promise.race([assigned.finish().finally(() => finished.abort()), grace]);
    await assigned.flushCommits();
  }

  /** Brings the metrics of the lag and of the pollers up to date. */
  updateMetrics(): void {
    const { metrics, mapping } = this.#dependencies;
    metrics.ProvisionedPollers = mapping.pollers === undefined ? 0 : (this.#assigned?.pollerCount ?? 0);
    const lags = this.#assigned?.lags ?? [];
    metrics.SumOffsetLag = lags.reduce((sum, lag) => sum + lag, 0);
    metrics.OffsetLag = metrics.SumOffsetLag;
    metrics.MaxOffsetLag = Math.max(0, ...lags);
  }

  /** Waits for the invocations in flight. */
  #finish(assigned: AssignedPartitions, group: ConsumerGroup): Promise<void> {
    // The broker answers that the group is rebalancing, and still keeps the member.
    return this.#heartbeatUntil(assigned.finish(), () => group.heartbeat({ interval: 0 }).catch(() => {}));
  }

  /** kafkajs sends no heartbeats meanwhile. After `stop` it waits no longer. */
  async #heartbeatUntil(settled: Promise<void>, heartbeat: () => Promise<void>): Promise<void> {
    let isSettled = false;
    const end = settled.finally(() => {
      isSettled = true;
    });
    while (!isSettled && !this.#stopping) {
      await Promise.race([end, this.#dependencies.clock.wait(HEARTBEAT_INTERVAL_MS, new AbortController().signal)]);
      if (!isSettled) await heartbeat();
    }
  }
}
