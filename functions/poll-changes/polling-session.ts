import type { Progress } from '../core/change-position.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import type { CaptureWatch } from './capture-watch.ts';
import type { ChangePurger } from './change-purger.ts';
import type { ChangeReader, ReadResult } from './change-reader.ts';
import { type Lease, LeaseLostError } from './lease.ts';
import type { PollStatistics } from './poll-statistics.ts';
import type { PollTick } from './poll-tick.ts';
import type { PositionSaver } from './position-saver.ts';
import type { RetryCondition } from './retry-condition.ts';
import type { TopicWatch } from './topic-watch.ts';

/**
 * Why a session ends. The lease is still held after `resnapshot-requested`, when polling starts again with a snapshot, and
 * after `partitions-changed`, when it starts again with the new number of partitions.
 */
export type SessionEnd = 'lease-transferred' | 'time-limit' | 'resnapshot-requested' | 'partitions-changed';

export interface SessionDependencies {
  readonly reader: ChangeReader;
  readonly publisher: RecordPublisher;
  readonly topic: string;
  readonly lease: Lease;
  readonly saver: PositionSaver;
  readonly purger: ChangePurger;
  readonly topicWatch: TopicWatch;
  readonly captureWatch: CaptureWatch;
  readonly tick: PollTick;
  readonly clock: Clock;
  readonly statistics: PollStatistics;
  readonly retryCondition: RetryCondition;
}

/** Reads and publishes from one saved position on, for as long as this poller holds the lease. */
export class PollingSession {
  readonly #dependencies: SessionDependencies;
  readonly #untilMs: number;

  constructor(dependencies: SessionDependencies, untilMs: number) {
    this.#dependencies = dependencies;
    this.#untilMs = untilMs;
  }

  /** @throws LeaseLostError when another poller has acquired the lease. */
  async run(start: Progress): Promise<SessionEnd> {
    let result = await this.#read(start);
    for (;;) {
      const nextResult = this.#readAhead(result);
      await this.#publish(result);
      this.#recordProgress(result);
      this.#assertLeaseHeld();
      const end = this.#endReason();
      if (end !== null) {
        await nextResult?.catch(() => {});
        if (await this.#finish(end)) return end;
      }
      result = await (nextResult ?? this.#readAtNextTick(result));
    }
  }

  #read(progress: Progress): Promise<ReadResult> {
    this.#dependencies.statistics.recordRead();
    return this.#dependencies.reader.read(progress);
  }

  /** Reads the next result while this one is published, if there is more to read at once; `null` otherwise. */
  #readAhead({ hasMore, progress }: ReadResult): Promise<ReadResult> | null {
    if (!hasMore) return null;
    const next = this.#read(progress);
    // The failure is handled where the result is awaited. Until then it must not count as an unhandled rejection.
    next.catch(() => {});
    return next;
  }

  async #readAtNextTick({ changeCount, progress }: ReadResult): Promise<ReadResult> {
    await this.#dependencies.tick.next(changeCount > 0);
    return this.#read(progress);
  }

  async #publish({ records, changeCount }: ReadResult): Promise<void> {
    if (records.length === 0) return;
    const { lease, publisher, topic, topicWatch, statistics } = this.#dependencies;
    await lease.confirm();
    await topicWatch.recordPublished(await publisher.publish(topic, records));
    statistics.recordPublished(changeCount);
  }

  /** Called after the records are acknowledged. An idle poll is not recorded, because saving it would only cost writes. */
  #recordProgress({ records, hasMore, progress }: ReadResult): void {
    const { saver, purger, topicWatch, captureWatch, retryCondition } = this.#dependencies;
    retryCondition.clear();
    if (records.length > 0 || hasMore) saver.recordProgress(progress, topicWatch.position);
    saver.saveWhenDue();
    purger.purgeWhenDue(saver.saved.progress.since);
    topicWatch.lookWhenDue();
    captureWatch.lookWhenDue(progress.phase === 'stream');
  }

  #assertLeaseHeld(): void {
    if (!this.#dependencies.lease.held)
      throw new LeaseLostError('a renewal has found that another poller holds the lease');
  }

  #endReason(): SessionEnd | null {
    const { lease, topicWatch, clock } = this.#dependencies;
    if (lease.isTransferRequested) return 'lease-transferred';
    if (clock.monotonicMs() >= this.#untilMs) return 'time-limit';
    if (lease.isResnapshotRequested) return 'resnapshot-requested';
    return topicWatch.changedPartitions === null ? null : 'partitions-changed';
  }

  /** Resolves with `false` when polling must continue, because no poller requests the lease any more. */
  async #finish(end: SessionEnd): Promise<boolean> {
    const { saver } = this.#dependencies;
    if (end === 'lease-transferred') return saver.saveAndTransferLease();
    if (end === 'time-limit') await saver.saveAndReleaseLease();
    return true;
  }
}
