import { type CaptureBaseline, type CaptureFault, captureGap } from '../core/capture-state.ts';
import { failureReason } from '../core/condition.ts';
import type { SnapshotReason } from '../core/snapshot-reason.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';

const CONDITION_ID = 'poll-changes/capture';

export interface CaptureWatchDependencies {
  readonly source: Pick<ChangeSource, 'inspectCapture'>;
  readonly conditions: ConditionStore;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
}

/** What the present session adds. */
export interface WatchedSession {
  readonly baseline: CaptureBaseline;
  /** Called when changes may be missing and are captured again. */
  readonly requestSnapshot: (reason: SnapshotReason) => Promise<void>;
}

/**
 * Watches whether the changes of the source are captured. What is wrong is shown as a condition. When changes may be
 * missing and capture works, a new snapshot is requested. While capture does not work none is, because it would be out of
 * date at once. It looks in the background, so that no change waits for it.
 */
export class CaptureWatch {
  readonly #dependencies: CaptureWatchDependencies;
  readonly #intervalMs: number;
  #session: WatchedSession | null = null;
  #lastLookAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  /** What was shown last; `null` before the first look. */
  #shown: string | null = null;
  #hasRequested = false;
  #hasFoundFaults = false;

  constructor(dependencies: CaptureWatchDependencies, intervalMs: number) {
    this.#dependencies = dependencies;
    this.#intervalMs = intervalMs;
  }

  /** Whether a look of this invocation has found that changes are not captured. */
  get hasFoundFaults(): boolean {
    return this.#hasFoundFaults;
  }

  start(session: WatchedSession): void {
    this.#session = session;
    this.#hasRequested = false;
    this.#lastLookAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Starts a look if one is due, and does not wait for it. A failure is logged, and the next look is the retry.
   *
   * @param isStreaming whether the snapshot of the session is published. A running one is finished before another begins.
   */
  lookWhenDue(isStreaming: boolean): void {
    const { clock } = this.#dependencies;
    if (this.#running !== null || clock.monotonicMs() - this.#lastLookAtMs < this.#intervalMs) return;
    void this.#lookNow(isStreaming);
  }

  /** Looks after a failure, which may be due to what is wrong with the capture. */
  async lookAfterFailure(): Promise<void> {
    this.lookWhenDue(false);
    await this.#running;
  }

  /** Resolves when no look is under way any more. */
  async settle(): Promise<void> {
    await this.#running;
  }

  #lookNow(isStreaming: boolean): Promise<void> {
    const { clock, logger } = this.#dependencies;
    this.#lastLookAtMs = clock.monotonicMs();
    this.#running = this.#look(isStreaming)
      .catch((error) => logger.warn('the capture could not be looked at', { reason: failureReason(error) }))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #look(isStreaming: boolean): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    const { source, logger } = this.#dependencies;
    const state = await source.inspectCapture(session.baseline.since);
    await this.#show(state.faults);
    if (session !== this.#session || !isStreaming || this.#hasRequested) return;
    const message = captureGap(session.baseline, state);
    if (message === null || state.faults.some(({ losesChanges }) => losesChanges)) return;
    await session.requestSnapshot({ code: 'PIPE_CAPTURE_GAP', message });
    this.#hasRequested = true;
    logger.warn(`a new snapshot is requested, because ${message}`, { code: 'PIPE_CAPTURE_GAP' });
  }

  /** Reports faults at every look, because a condition expires. Clears at the first look without, whichever poller reported. */
  async #show(faults: readonly CaptureFault[]): Promise<void> {
    const { conditions, logger } = this.#dependencies;
    const losesChanges = faults.some((fault) => fault.losesChanges);
    if (losesChanges) this.#hasFoundFaults = true;
    const message = faults.map((fault) => fault.message).join('. ');
    const code = losesChanges ? 'PIPE_CAPTURE_BROKEN' : 'PIPE_CAPTURE_COLUMNS';
    if (message !== '' && message !== this.#shown) logger.warn(message, { code });
    if (message !== '') await conditions.report({ id: CONDITION_ID, code, message });
    else if (message !== this.#shown) await conditions.clear(CONDITION_ID);
    this.#shown = message;
  }
}
