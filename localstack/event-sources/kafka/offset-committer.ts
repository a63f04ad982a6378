import { type Logger, reasonOf } from '../logger.ts';
import type { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { JoinedGroup } from './kafkajs-internals.ts';
import type { PartitionQueue } from './partition-queue.ts';

const RETRY_MS = 200;

/**
 * Commits the progress of the partitions: one request at a time, each with all that has come together meanwhile.
 * An offset never moves backward. What a dying process had not committed is delivered again.
 */
export class OffsetCommitter {
  readonly #topic: string;
  readonly #mappingId: string;
  readonly #metrics: MappingMetrics;
  readonly #log: Logger;
  readonly #wanted = new Map<PartitionQueue, number>();
  #group: JoinedGroup | undefined;
  #running: Promise<void> | undefined;
  #flushing = false;

  constructor(options: { topic: string; mappingId: string; metrics: MappingMetrics; log: Logger }) {
    this.#topic = options.topic;
    this.#mappingId = options.mappingId;
    this.#metrics = options.metrics;
    this.#log = options.log;
  }

  /** The generation of the group that commits from now on; what was wanted of an earlier one is forgotten. */
  useGroup(group: JoinedGroup | undefined): void {
    this.#group = group;
    this.#wanted.clear();
    this.#flushing = false;
  }

  commit(queue: PartitionQueue, offset: number): void {
    if (queue.revoked || offset <= queue.committed || offset <= (this.#wanted.get(queue) ?? -1)) return;
    this.#wanted.set(queue, offset);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /**
   * Resolves when nothing is left to commit, or after the first request that fails: a coordinator that has moved is only
   * found by joining anew, which waits for this, and a process that ends does not wait for a broker that is away.
   */
  async flush(): Promise<void> {
    this.#flushing = true;
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Everything that settles in the same turn goes with the first request.
    await Promise.resolve();
    while (this.#wanted.size > 0 && this.#group !== undefined) {
      const group = this.#group;
      const offsets = [...this.#wanted].filter(([queue]) => !queue.revoked);
      this.#wanted.clear();
      if (offsets.length === 0) return;
      try {
        await group.commitOffsets({
          topics: [
            {
              topic: this.#topic,
              partitions: offsets.map(([{ partition }, offset]) => ({ partition, offset: String(offset) })),
            },
          ],
        });
        for (const [queue, offset] of offsets) {
          this.#metrics.CommittedEventCount += offset - queue.committed;
          queue.committed = offset;
        }
      } catch (error) {
        this.#metrics.CommitErrorCount += 1;
        if (!(await this.#mayTryAgain(error))) continue;
        for (const [queue, offset] of offsets) this.#wanted.set(queue, Math.max(offset, this.#wanted.get(queue) ?? -1));
        if (this.#group !== group) this.#wanted.clear();
      }
    }
  }

  async #mayTryAgain(error: unknown): Promise<boolean> {
    const type = (error as { type?: string }).type ?? '';
    this.#log.warn('offsets not committed', { mapping: this.#mappingId, reason: reasonOf(error) });
    // The group has moved on without this member: whoever owns the partitions now starts at the last commit.
    if (['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'].includes(type)) {
      return false;
    }
    if (this.#flushing) return false;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return true;
  }
}
