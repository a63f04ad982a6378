import { failureReason } from '../core/condition.ts';
import { needsOperator } from '../core/errors.ts';
import type { SnapshotReason } from '../core/snapshot-reason.ts';
import type { TopicState } from '../core/topic-state.ts';
import type { ChangeSource, SourceIdentity } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';
import { CaptureWatch } from './capture-watch.ts';
import { ChangePurger, type PurgeSettings } from './change-purger.ts';
import { CaptureGapError, ChangeReader } from './change-reader.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Lease, LeaseLostError } from './lease.ts';
import { PollStatistics } from './poll-statistics.ts';
import { PollTick } from './poll-tick.ts';
import { PollingSession, type SessionEnd } from './polling-session.ts';
import { PositionSaver } from './position-saver.ts';
import { RetryCondition } from './retry-condition.ts';
import { loadStartPosition, type StartPosition } from './start-position.ts';
import type { PollerTiming } from './timing.ts';
import { TopicWatch } from './topic-watch.ts';

export interface PollerDependencies {
  readonly source: ChangeSource;
  readonly publisher: RecordPublisher;
  readonly inspector: Pick<TopicInspector, 'describe'>;
  /** Where changes are published. */
  readonly topic: string;
  /** The topic when the poller has connected. */
  readonly topicState: TopicState;
  readonly lease: Lease;
  readonly conditions: ConditionStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PollResult {
  /**
   * `lease-transferred`: to a successor that requested it. `lease-lost`: another poller found it expired.
   * `lease-not-acquired`: another poller acquired it first, or no time was left. `time-limit`: no successor came in time.
   */
  readonly outcome: 'lease-transferred' | 'lease-lost' | 'lease-not-acquired' | 'time-limit';
  /** As in `PollStatistics`. */
  readonly published: number;
  /** As in `PollStatistics`. The gap without a poller ends with the first read of the successor. */
  readonly lastReadMsAgo: number | null;
  /** Whether the invocation has found that changes are not captured. */
  readonly isCaptureBroken: boolean;
}

/**
 * Publishes every change of the source while it holds the lease.
 *
 * Delivery: at least once, and for each employee in the order of the commits. A poller may die at any point: its
 * successor resumes from the saved position and publishes again what came after it. Versions make the repetition harmless.
 */
export class ChangePoller {
  readonly #dependencies: PollerDependencies;
  readonly #timing: PollerTiming;
  readonly #purger: ChangePurger;
  readonly #statistics: PollStatistics;
  readonly #retryCondition: RetryCondition;
  readonly #captureWatch: CaptureWatch;
  /** The source's identity just before the lease was acquired; `null` once it is used. */
  #knownIdentity: SourceIdentity | null = null;
  #knownTopic: TopicState;
  /** Why the next session begins a snapshot, when changes are missing. */
  #captureGap: SnapshotReason | null = null;

  constructor(dependencies: PollerDependencies, timing: PollerTiming, purgeSettings: PurgeSettings) {
    const { source, conditions, clock, logger } = dependencies;
    this.#dependencies = dependencies;
    this.#knownTopic = dependencies.topicState;
    this.#timing = timing;
    this.#purger = new ChangePurger(source, clock, logger, purgeSettings);
    this.#statistics = new PollStatistics(clock);
    this.#retryCondition = new RetryCondition(conditions, logger);
    this.#captureWatch = new CaptureWatch({ source, conditions, clock, logger }, timing.captureLookMs);
  }

  /**
   * Polls until another poller requests the lease, or until `untilMs`. Retries after transient errors, acquires the lease
   * again when the ledger's entry was deleted, and begins a new snapshot when changes are missing.
   *
   * @throws PipelineError when an operator has to decide, for example about a position that does not fit the source; the
   * lease is free then. At `untilMs` the last transient error, if polling did not recover from it.
   */
  async run(untilMs: number): Promise<PollResult> {
    const { lease, clock, logger } = this.#dependencies;
    const { firstRetryMs, longestRetryMs } = this.#timing;
    let retryMs = firstRetryMs;
    let lastError: unknown = null;
    while (clock.monotonicMs() < untilMs) {
      const publishedBefore = this.#statistics.published;
      try {
        if (!lease.held && !(await this.#acquireLease(untilMs))) return this.#result('lease-not-acquired');
        const result = this.#result(await this.#poll(untilMs));
        if (result.outcome !== 'lease-transferred' || !(await lease.takeBackUnlessAccepted())) return result;
        logger.warn('the successor did not begin in time, so this poller continues', {});
      } catch (error) {
        if (error instanceof LeaseLostError) {
          if (await this.#isLeaseFree()) continue;
          return this.#result('lease-lost');
        }
        if (error instanceof CaptureGapError) {
          logger.warn('changes are missing; a new snapshot replaces them', { reason: error.message });
          this.#captureGap = { code: 'PIPE_CAPTURE_GAP', message: error.message };
          continue;
        }
        if (needsOperator(error)) {
          await this.#releaseLease();
          throw error;
        }
        lastError = error;
        if (this.#statistics.published > publishedBefore) retryMs = firstRetryMs;
        await this.#waitForRetry(error, retryMs);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
    await this.#releaseLease();
    if (lastError !== null) throw lastError;
    return this.#result('time-limit');
  }

  /** The source is queried before the lease is acquired, because no poller reads it between a transfer and the first poll. */
  async #acquireLease(untilMs: number): Promise<boolean> {
    this.#knownIdentity = await this.#dependencies.source.identify();
    return this.#dependencies.lease.acquire(untilMs);
  }

  async #poll(untilMs: number): Promise<'lease-transferred' | 'time-limit'> {
    for (;;) {
      const end = await this.#runSession(untilMs);
      if (end === 'lease-transferred' || end === 'time-limit') return end;
    }
  }

  async #runSession(untilMs: number): Promise<SessionEnd> {
    const { source, publisher, topic, lease, clock, logger } = this.#dependencies;
    const { position, serverStartedAt } = await this.#loadStartPosition();
    const partitionCount = this.#knownTopic.partitions.length;
    const topicWatch = this.#watchTopic(position, partitionCount);
    this.#captureWatch.start({
      baseline: position.capture,
      requestSnapshot: (reason) => lease.requestResnapshot(`${reason.code} ${position.epoch}`, reason),
    });
    const saver = new PositionSaver(source, lease, clock, this.#timing.saveIntervalMs, position);
    const session = new PollingSession(
      {
        reader: new ChangeReader(source, position, serverStartedAt, partitionCount),
        publisher,
        topic,
        lease,
        saver,
        purger: this.#purger,
        topicWatch,
        captureWatch: this.#captureWatch,
        tick: new PollTick(clock, this.#timing),
        clock,
        statistics: this.#statistics,
        retryCondition: this.#retryCondition,
      },
      untilMs,
    );
    const heartbeat = new Heartbeat(lease, clock, logger, this.#timing.idleTickMs);
    logger.info('polling started', { phase: position.progress.phase });
    try {
      return await session.run(position.progress);
    } finally {
      topicWatch.stop();
      this.#knownTopic = topicWatch.changedPartitions ?? this.#knownTopic;
      // A save that is still under way could overwrite the position of the next session.
      await saver.settle();
      await heartbeat.stop();
      await this.#captureWatch.settle();
      await this.#retryCondition.settle();
    }
  }

  async #loadStartPosition(): Promise<StartPosition> {
    const { source, lease, logger, topic, inspector } = this.#dependencies;
    const known = {
      identity: this.#takeKnownIdentity(),
      topic: this.#knownTopic,
      captureGap: this.#captureGap,
    };
    const describeTopic = () => inspector.describe(topic);
    const start = await loadStartPosition({ source, lease, logger, topic, describeTopic }, known);
    this.#knownTopic = start.topic;
    this.#captureGap = null;
    return start;
  }

  #watchTopic({ epoch, topic: published }: StartPosition['position'], partitionCount: number): TopicWatch {
    const { inspector, topic, lease, clock, logger } = this.#dependencies;
    const requestSnapshot = (reason: SnapshotReason) => lease.requestResnapshot(`${reason.code} ${epoch}`, reason);
    const dependencies = { inspector, topic, clock, logger, requestSnapshot };
    return new TopicWatch(dependencies, this.#timing.topicLookMs, published, partitionCount);
  }

  #takeKnownIdentity(): SourceIdentity | null {
    const identity = this.#knownIdentity;
    this.#knownIdentity = null;
    return identity;
  }

  async #isLeaseFree(): Promise<boolean> {
    return this.#dependencies.lease.isFree().catch(() => false);
  }

  /** After a failure the lease expires, and only the successor has to wait longer. */
  async #releaseLease(): Promise<void> {
    const { lease, logger } = this.#dependencies;
    if (!lease.held) return;
    await lease.release().catch((error) => {
      logger.warn('the lease could not be released; it will expire', { reason: failureReason(error) });
    });
  }

  async #waitForRetry(error: unknown, retryMs: number): Promise<void> {
    const { clock, logger } = this.#dependencies;
    logger.warn('polling failed and is retried', { reason: failureReason(error), retryMs });
    await this.#retryCondition.report(error);
    await this.#captureWatch.lookAfterFailure();
    await clock.sleep(retryMs);
  }

  #result(outcome: PollResult['outcome']): PollResult {
    const { published, lastReadMsAgo } = this.#statistics;
    return { outcome, published, lastReadMsAgo, isCaptureBroken: this.#captureWatch.hasFoundFaults };
  }
}
