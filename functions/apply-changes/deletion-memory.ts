/**
 * The longest retention of a topic that changes come from, the dead letters' with its 30 days, and a day for clocks that
 * differ. Shorter, and a record that comes again could bring back an employee who was deleted after it.
 */
export const REMEMBER_DELETIONS_DAYS = 31;

const TIDY_EVERY_MS = 3_600_000;

export interface RememberedDeletions {
  /** Forgets some that are older; returns how many. */
  forgetDeletions(olderThanDays: number): Promise<number>;
}

/** Keeps the memory of deletions from growing for ever; once an hour in each instance is plenty. */
export class DeletionMemory {
  readonly #deletions: RememberedDeletions;
  readonly #now: () => number;
  #tidiedAt = Number.NEGATIVE_INFINITY;

  constructor(deletions: RememberedDeletions, now: () => number) {
    this.#deletions = deletions;
    this.#now = now;
  }

  async tidyWhenDue(): Promise<void> {
    if (this.#now() - this.#tidiedAt < TIDY_EVERY_MS) return;
    await this.#deletions.forgetDeletions(REMEMBER_DELETIONS_DAYS);
    this.#tidiedAt = this.#now();
  }
}
