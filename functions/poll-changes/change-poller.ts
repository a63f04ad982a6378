import {
  assertSameSource,
  decodePosition,
  encodePosition,
  type Position,
  type Progress,
} from '../core/change-position.ts';
import { PipelineError } from '../core/errors.ts';
import { ChangeReader, type ReadResult } from './change-reader.ts';
import type { ChangeSource, SourceIdentity } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { type Lease, LeaseLostError } from './lease.ts';
import { PositionSaver } from './position-saver.ts';

export interface PollerTiming {
  /**
   * Between two ticks while there are changes. Smaller: more queries, and more and smaller batches all the way to the
   * replica, which make a busy machine slower than the wait saves; larger: later.
   */
  readonly busyTickMs: number;
  /** Between two ticks when there are none; also the longest that a first change waits. */
  readonly idleTickMs: number;
  /** Between two saves of the position. A crash publishes again what came since the last one. */
  readonly saveEveryMs: number;
  /** The first and the longest wait before work is tried again after a failure. */
  readonly retryMs: readonly [first: number, longest: number];
  readonly purgeEveryMs: number;
  /** How long a change stays in `emp_cdc` at least. */
  readonly retentionHours: number;
}

export interface PollerDependencies {
  readonly source: ChangeSource;
  readonly publisher: RecordPublisher;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitionCount: number;
}

export interface PollResult {
  /** `lease-not-acquired`: another poller was faster; `time-limit` when nobody asked for the lease in time. */
  readonly outcome: 'lease-transferred' | 'lease-lost' | 'lease-not-acquired' | 'time-limit';
  /** Changes and snapshot rows published, repetitions included. */
  readonly published: number;
  /** How long ago the source was last read; `null` when it never was. The successor's first read ends the gap. */
  readonly lastReadMsAgo: number | null;
}

/** Each wait between two empty ticks is this much longer than the one before. */
const SLOWDOWN = 1.5;

/**
 * Publishes every change of the source, once at least and in order for each employee, while it holds the lease.
 *
 * Dying at any point is harmless: the successor goes on from the saved position and publishes again what came after it,
 * which versions make harmless.
 */
export class ChangePoller {
  readonly #source: ChangeSource;
  readonly #publisher: RecordPublisher;
  readonly #topic: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #partitionCount: number;
  readonly #timing: PollerTiming;
  #published = 0;
  #readAt: number | null = null;
  /** The source as it was before the lease was waited for. */
  #known: SourceIdentity | null = null;
  #purgedAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: PollerDependencies, timing: PollerTiming) {
    this.#source = dependencies.source;
    this.#publisher = dependencies.publisher;
    this.#topic = dependencies.topic;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#partitionCount = dependencies.partitionCount;
    this.#timing = timing;
  }

  /**
   * Polls until somebody else asks for the lease or the clock says `untilMs`. Failures of the world are tried again
   * until then, and a lease that was lost to nobody is taken anew.
   *
   * @throws PipelineError when the position does not fit the source: then the lease is free again, and somebody has to
   * decide; the last failure when it lasted until the end.
   */
  async run(lease: Lease, untilMs: number): Promise<PollResult> {
    let wait = this.#timing.retryMs[0];
    let failure: unknown = null;
    while (this.#clock.monotonicMs() < untilMs) {
      const publishedBefore = this.#published;
      try {
        if (!lease.held) {
          // Before the lease is waited for, as nobody reads the source between its hand-over and the first look.
          this.#known = await this.#source.identify();
          if (!(await lease.acquire(untilMs))) return this.#result('lease-not-acquired');
        }
        return this.#result(await this.#poll(lease, untilMs));
      } catch (error) {
        if (error instanceof LeaseLostError) {
          if (await lease.isFree().catch(() => false)) continue;
          return this.#result('lease-lost');
        }
        if (error instanceof PipelineError && error.retry === 'manual') {
          await this.#release(lease);
          throw error;
        }
        failure = error;
        if (this.#published > publishedBefore) wait = this.#timing.retryMs[0];
        this.#logger.warn('polling failed and is tried again', { reason: String(error), waitMs: wait });
        await this.#clock.sleep(wait);
        wait = Math.min(wait * 2, this.#timing.retryMs[1]);
      }
    }
    await this.#release(lease);
    if (failure !== null) throw failure;
    return this.#result('time-limit');
  }

  #result(outcome: PollResult['outcome']): PollResult {
    const lastReadMsAgo = this.#readAt === null ? null : Math.round(this.#clock.monotonicMs() - this.#readAt);
    return { outcome, published: this.#published, lastReadMsAgo };
  }

  /** Nothing waits out the length of a lease that nobody uses. What goes wrong here delays the successor, no more. */
  async #release(lease: Lease): Promise<void> {
    if (!lease.held) return;
    await lease.release().catch((error) => {
      this.#logger.warn('the lease could not be released; it runs out by itself', { reason: String(error) });
    });
  }

  async #poll(lease: Lease, untilMs: number): Promise<'lease-transferred' | 'time-limit'> {
    for (;;) {
      const outcome = await this.#pollOnce(lease, untilMs);
      if (outcome !== 'resnapshot-requested') return outcome;
    }
  }

  /** From the saved position until somebody wants the lease or a new snapshot. */
  async #pollOnce(lease: Lease, untilMs: number): Promise<'lease-transferred' | 'time-limit' | 'resnapshot-requested'> {
    const entry = await lease.readEntry();
    const saved = entry.position === null ? null : this.#readPosition(entry.position, lease);
    const identity = await this.#identify(saved);
    let position: Position;
    if (saved === null || lease.isResnapshotRequested) position = await this.#beginSnapshot(lease, saved);
    else {
      assertSameSource(saved, identity);
      position = saved;
    }
    const saver = new PositionSaver(this.#source, lease, this.#clock, this.#timing.saveEveryMs, position);
    const reader = new ChangeReader(this.#source, position, identity.serverStartedAt, this.#partitionCount);
    const heart = this.#keepBeating(lease);
    try {
      return await this.#publishFrom(position.progress, reader, saver, lease, untilMs);
    } finally {
      // A save under way would otherwise land on top of what comes next.
      await saver.settle();
      await heart.stop();
    }
  }

  /** A look for changes brings the save number, and tells a restart, by itself; anything else needs the source as it is. */
  async #identify(saved: Position | null): Promise<SourceIdentity> {
    const known = this.#known;
    this.#known = null;
    const looksFirst = saved?.progress.phase === 'stream' && saved.progress.page === null;
    return known !== null && looksFirst ? { ...known, saveNumber: saved.saveNumber } : this.#source.identify();
  }

  /** One that is not readable stands in the way of everything but a new snapshot. */
  #readPosition(text: string, lease: Lease): Position | null {
    try {
      return decodePosition(text);
    } catch (error) {
      if (lease.isResnapshotRequested) return null;
      throw error;
    }
  }

  async #beginSnapshot(lease: Lease, before: Position | null): Promise<Position> {
    const { systemIdentifier, epoch, snapshot, saveNumber } = await this.#source.beginSnapshot(before?.epoch ?? 0n);
    const position: Position = {
      systemIdentifier,
      saveNumber,
      epoch,
      progress: { phase: 'snapshot', since: snapshot, afterEmpId: null },
    };
    await lease.savePosition(encodePosition(position), lease.isResnapshotRequested);
    this.#logger.info('a snapshot begins', { epoch: String(epoch) });
    return position;
  }

  async #publishFrom(
    from: Progress,
    reader: ChangeReader,
    saver: PositionSaver,
    lease: Lease,
    untilMs: number,
  ): Promise<'lease-transferred' | 'time-limit' | 'resnapshot-requested'> {
    const read = (progress: Progress) => {
      this.#readAt = this.#clock.monotonicMs();
      return reader.read(progress);
    };
    let pauseMs = this.#timing.busyTickMs;
    let tickAt = this.#clock.monotonicMs();
    this.#logger.info('polling begins', { phase: from.phase });
    let reading: ReadResult = await read(from);
    for (;;) {
      const next = reading.more ? read(reading.progress) : null;
      // Its failure is met when it is awaited; until then it must not end the process.
      next?.catch(() => {});
      if (reading.records.length > 0) {
        await lease.confirm();
        await this.#publisher.publish(this.#topic, reading.records);
        this.#published += reading.changeCount;
      }
      if (reading.records.length > 0 || reading.more) saver.recordProgress(reading.progress);
      saver.saveWhenDue();
      this.#purgeWhenDue(saver.saved);
      if (!lease.held) throw new LeaseLostError('the heartbeat found the lease with another poller');
      if (lease.isTransferRequested || this.#clock.monotonicMs() >= untilMs) {
        await next?.catch(() => {});
        const outcome = lease.isTransferRequested ? 'lease-transferred' : 'time-limit';
        await saver.saveAndRelease();
        return outcome;
      }
      if (lease.isResnapshotRequested) {
        await next?.catch(() => {});
        return 'resnapshot-requested';
      }
      if (next === null) {
        pauseMs =
          reading.changeCount > 0 ? this.#timing.busyTickMs : Math.min(pauseMs * SLOWDOWN, this.#timing.idleTickMs);
        await this.#clock.sleep(Math.max(0, tickAt + pauseMs - this.#clock.monotonicMs()));
        tickAt = this.#clock.monotonicMs();
      }
      reading = await (next ?? read(reading.progress));
    }
  }

  /** Beside the publishing, so that a long acknowledgement is no sign of death. */
  #keepBeating(lease: Lease): { stop(): Promise<void> } {
    let stopped = false;
    const beating = (async () => {
      while (!stopped && lease.held) {
        await lease.renewWhenDue().catch((error) => {
          // The lease tells by itself when it is lost or no longer confirmed; both are looked at before publishing.
          if (!(error instanceof LeaseLostError)) this.#logger.warn('a heartbeat failed', { reason: String(error) });
        });
        await this.#clock.sleep(this.#timing.idleTickMs);
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await beating;
      },
    };
  }

  #purgeWhenDue(saved: Position): void {
    if (this.#clock.monotonicMs() - this.#purgedAt < this.#timing.purgeEveryMs) return;
    this.#purgedAt = this.#clock.monotonicMs();
    this.#source.purge(saved.progress.since, this.#timing.retentionHours).then(
      (purged) => purged > 0 && this.#logger.info('old changes are purged', { purged }),
      (error) => this.#logger.warn('old changes could not be purged; tried again later', { reason: String(error) }),
    );
  }
}
