import { failureReason } from '../core/condition.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';
import type { SnapshotReason } from '../core/snapshot-reason.ts';
import { advanceTopicPosition, lossBefore, lossInTopic, type TopicPosition } from '../core/topic-position.ts';
import type { TopicState } from '../core/topic-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';

export interface TopicWatchDependencies {
  readonly inspector: Pick<TopicInspector, 'describe'>;
  readonly topic: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  /** Called when acknowledged records may be lost: a new snapshot publishes again what they contained. */
  readonly requestSnapshot: (reason: SnapshotReason) => Promise<void>;
}

/**
 * Watches during a session whether the topic is still the one that the position belongs to, and still has what it had
 * acknowledged. It looks in the background, so that no change waits for it.
 */
export class TopicWatch {
  readonly #dependencies: TopicWatchDependencies;
  readonly #intervalMs: number;
  readonly #partitionCount: number;
  #position: TopicPosition;
  #lastLookAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #latest: TopicState | null = null;
  #hasRequested = false;
  #isStopped = false;

  /** @param partitionCount with which the session publishes. */
  constructor(
    dependencies: TopicWatchDependencies,
    intervalMs: number,
    position: TopicPosition,
    partitionCount: number,
  ) {
    this.#dependencies = dependencies;
    this.#intervalMs = intervalMs;
    this.#position = position;
    this.#partitionCount = partitionCount;
    // A snapshot that has just begun has nothing to lose yet. Without the wait, a broker that contradicts itself would
    // make the poller begin one snapshot after another.
    if (position.nextOffsets.every((offset) => offset === null)) this.#lastLookAtMs = dependencies.clock.monotonicMs();
  }

  /** Up to the last record that was acknowledged. */
  get position(): TopicPosition {
    return this.#position;
  }

  /** The topic, when it has another number of partitions than the session publishes to; `null` otherwise. */
  get changedPartitions(): TopicState | null {
    const count = this.#latest?.partitions.length ?? this.#partitionCount;
    return count === this.#partitionCount ? null : this.#latest;
  }

  /** Call it after each acknowledgement. */
  async recordPublished(published: readonly PartitionOffsets[]): Promise<void> {
    const loss = lossBefore(this.#dependencies.topic, this.#position, published);
    this.#position = advanceTopicPosition(this.#position, published);
    if (loss !== null) await this.#request(loss);
  }

  /** Starts a look if one is due, and does not wait for it. A failure is logged, and the next look is the retry. */
  lookWhenDue(): void {
    const { clock, logger } = this.#dependencies;
    if (this.#running !== null || clock.monotonicMs() - this.#lastLookAtMs < this.#intervalMs) return;
    this.#lastLookAtMs = clock.monotonicMs();
    this.#running = this.#look()
      .catch((error) => logger.warn('the topic could not be looked at', { reason: failureReason(error) }))
      .finally(() => {
        this.#running = null;
      });
  }

  /** Ignores the result of a look that is still under way, because it is about the position of this session. */
  stop(): void {
    this.#isStopped = true;
  }

  async #look(): Promise<void> {
    const { inspector, topic } = this.#dependencies;
    // Read first, because records that are acknowledged during the look may not be part of its result.
    const position = this.#position;
    const found = await inspector.describe(topic);
    if (this.#isStopped) return;
    this.#latest = found;
    const loss = lossInTopic(topic, position, found);
    if (loss !== null) await this.#request(loss);
  }

  async #request(reason: SnapshotReason): Promise<void> {
    const { logger, requestSnapshot } = this.#dependencies;
    if (this.#hasRequested) return;
    await requestSnapshot(reason);
    this.#hasRequested = true;
    logger.warn(`a new snapshot is requested, because ${reason.message}`, { code: reason.code });
  }
}
