import { type Logger, reasonOf } from '../../logger.ts';
import type { MappingMetrics } from '../../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { ConsumerGroup } from '../consumer/consumer-group.ts';

export interface OffsetCommitterDependencies {
  readonly mapping: KafkaMapping;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
}

const RETRY_DELAY_MS = 200;
/** The member is no longer part of the group; the new owner of its partitions starts at their last commit. */
const NO_LONGER_MEMBER = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

/**
 * Commits the offsets of one assignment's partitions. One request is in flight at a time; it carries everything that was
 * requested meanwhile. An offset never moves backward. Records of an offset that was not committed are delivered again.
 */
export class OffsetCommitter {
  readonly #dependencies: OffsetCommitterDependencies;
  readonly #group: ConsumerGroup;
  readonly #committed: Map<number, number>;
  readonly #requested = new Map<number, number>();
  #running: Promise<void> | undefined;
  #flushing = false;
  #closed = false;

  /** `committed` holds the offset of each assigned partition, as the broker has it. */
  constructor(dependencies: OffsetCommitterDependencies, group: ConsumerGroup, committed: ReadonlyMap<number, number>) {
    this.#dependencies = dependencies;
    this.#group = group;
    this.#committed = new Map(committed);
  }

  /** The offset as the broker last confirmed it. */
  committedOffset(partition: number): number {
    return this.#committed.get(partition) ?? 0;
  }

  /** Requests a commit; ignored when the offset is not ahead. Returns at once. */
  commit(partition: number, offset: number): void {
    if (this.#closed || offset <= this.committedOffset(partition)) return;
    if (offset <= (this.#requested.get(partition) ?? -1)) return;
    this.#requested.set(partition, offset);
    this.#running ??= this.#commitRequested().finally(() => {
      this.#running = undefined;
    });
  }

  /**
   * Resolves when nothing is left to commit, or after the first request that fails. Does not retry, because a coordinator
   * that moved is found only by joining again, which waits for this call, and because a process that stops must not wait
   * for an unavailable broker.
   */
  async flush(): Promise<void> {
    this.#flushing = true;
    while (this.#running !== undefined) await this.#running;
  }

  /** Ignores later commits, because the partitions may belong to another member. */
  close(): void {
    this.#closed = true;
    this.#requested.clear();
  }

  async #commitRequested(): Promise<void> {
    // Wait for one microtask, so that one request carries every commit of the same turn.
    await Promise.resolve();
    while (this.#requested.size > 0) {
      const offsets = new Map(this.#requested);
      this.#requested.clear();
      try {
        await this.#send(offsets);
      } catch (error) {
        this.#dependencies.metrics.CommitErrorCount += 1;
        if (await this.#shouldRetry(error)) this.#requestAgain(offsets);
      }
    }
  }

  async #send(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { mapping, metrics } = this.#dependencies;
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await this.#group.commitOffsets({ topics: [{ topic: mapping.topic, partitions }] });
    for (const [partition, offset] of offsets) {
      metrics.CommittedEventCount += offset - this.committedOffset(partition);
      this.#committed.set(partition, offset);
    }
  }

  async #shouldRetry(error: unknown): Promise<boolean> {
    const { mapping, log } = this.#dependencies;
    log.warn('offsets not committed', { mapping: mapping.id, reason: reasonOf(error) });
    if (NO_LONGER_MEMBER.has((error as { type?: string }).type ?? '') || this.#flushing) return false;
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    return !this.#closed;
  }

  #requestAgain(offsets: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) {
      this.#requested.set(partition, Math.max(offset, this.#requested.get(partition) ?? -1));
    }
  }
}
