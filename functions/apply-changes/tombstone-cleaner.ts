import { failureReason } from '../core/condition.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { TombstoneStore } from '../ports/tombstone-store.ts';

/**
 * The longest retention of a topic from which changes are applied, 30 days for dead letters, and one day for clocks that
 * differ. Smaller: an old change, delivered late, could bring a deleted employee back. Larger: more rows are kept.
 */
export const TOMBSTONE_RETENTION_DAYS = 31;

/** Smaller: more queries. Larger: tombstones are kept for longer. */
const CLEAN_INTERVAL_MS = 60 * 60 * 1_000;

/** After a failure, or when old tombstones are left. Smaller: batches are held up more often. Larger: a backlog lasts. */
const CONTINUE_INTERVAL_MS = 60 * 1_000;

/** Deletes tombstones that are no longer needed, so that their number does not grow without limit. */
export class TombstoneCleaner {
  readonly #tombstones: TombstoneStore;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  /** Of the cleaning that is not complete. */
  #appliedBefore: Date | null = null;

  constructor(tombstones: TombstoneStore, clock: Pick<Clock, 'monotonicMs'>) {
    this.#tombstones = tombstones;
    this.#clock = clock;
  }

  /** Only logs an error, because the batch is applied, and repeating it would delay the changes. */
  async cleanWhenDue(logger: Pick<Logger, 'warn'>): Promise<void> {
    if (this.#clock.monotonicMs() < this.#dueAtMs) return;
    let waitMs = CONTINUE_INTERVAL_MS;
    try {
      if (await this.#clean()) waitMs = CLEAN_INTERVAL_MS;
    } catch (error) {
      logger.warn('old tombstones could not be deleted', { reason: failureReason(error), retryMs: waitMs });
    }
    this.#dueAtMs = this.#clock.monotonicMs() + waitMs;
  }

  /** Whether no old tombstones are left to this instance. */
  async #clean(): Promise<boolean> {
    this.#appliedBefore ??= await this.#tombstones.claimCleaning(TOMBSTONE_RETENTION_DAYS);
    if (this.#appliedBefore === null) return true;
    const { isComplete } = await this.#tombstones.deleteTombstones(this.#appliedBefore);
    if (isComplete) this.#appliedBefore = null;
    return isComplete;
  }
}
