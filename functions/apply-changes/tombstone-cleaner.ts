import type { Clock } from '../ports/clock.ts';
import type { TombstoneStore } from '../ports/tombstone-store.ts';

/**
 * The longest retention of a topic from which changes are applied, 30 days for dead letters, and one day for clocks that
 * differ. Smaller: an old change, delivered late, could bring a deleted employee back. Larger: more rows are kept.
 */
export const TOMBSTONE_RETENTION_DAYS = 31;

/** Smaller: more queries. Larger: one call may no longer delete all tombstones that have become old meanwhile. */
const CLEAN_INTERVAL_MS = 60 * 60 * 1_000;

/** Deletes tombstones that are no longer needed, so that their number does not grow without limit. */
export class TombstoneCleaner {
  readonly #tombstones: TombstoneStore;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #cleanedAtMs = Number.NEGATIVE_INFINITY;

  constructor(tombstones: TombstoneStore, clock: Pick<Clock, 'monotonicMs'>) {
    this.#tombstones = tombstones;
    this.#clock = clock;
  }

  async cleanWhenDue(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#cleanedAtMs < CLEAN_INTERVAL_MS) return;
    await this.#tombstones.deleteTombstones(TOMBSTONE_RETENTION_DAYS);
    this.#cleanedAtMs = this.#clock.monotonicMs();
  }
}
