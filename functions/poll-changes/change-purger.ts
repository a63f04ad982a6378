import { failureReason } from '../core/condition.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';

export interface PurgeSettings {
  readonly purgeIntervalMs: number;
  /** Minimum time that a published change stays in the source. */
  readonly retentionHours: number;
}

/** Deletes old changes from the source in the background, so that no change waits for it. */
export class ChangePurger {
  readonly #source: ChangeSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: PurgeSettings;
  #lastPurgeAtMs = Number.NEGATIVE_INFINITY;
  #isPurging = false;

  constructor(source: ChangeSource, clock: Clock, logger: Logger, settings: PurgeSettings) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
    this.#settings = settings;
  }

  /**
   * Starts a purge if the interval has passed and no purge is running. `savedSnapshot` is that of the saved position,
   * because a successor of this poller resumes there and still needs everything later. A failure is logged, and the next
   * purge is the retry.
   */
  purgeWhenDue(savedSnapshot: string): void {
    const { purgeIntervalMs, retentionHours } = this.#settings;
    if (this.#isPurging || this.#clock.monotonicMs() - this.#lastPurgeAtMs < purgeIntervalMs) return;
    this.#lastPurgeAtMs = this.#clock.monotonicMs();
    this.#isPurging = true;
    this.#source
      .purge(savedSnapshot, retentionHours)
      .then(
        (purged) => purged > 0 && this.#logger.info('old changes purged', { purged }),
        (error) => this.#logger.warn('old changes could not be purged', { reason: failureReason(error) }),
      )
      .finally(() => {
        this.#isPurging = false;
      });
  }
}
