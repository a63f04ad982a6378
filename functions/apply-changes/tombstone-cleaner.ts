import type { Clock } from '../ports/clock.ts';
import type { TombstoneStore } from '../ports/tombstone-store.ts';

/**
 * The longest retention of a topic that changes come from, the dead letters' with its 30 days, and a day for clocks that
 * differ. Shorter, and a record that comes again could bring back an employee who was deleted after it.
 */
export const TOMBSTONE_RETENTION_DAYS = 31;

const CLEAN_INTERVAL_MS = 3_600_000;

/** Keeps the memory of deletions from growing for ever; once an hour in each instance is plenty. */
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
