import { CONDITION_EXPIRY_SECONDS } from '../../functions/core/condition.ts';
import type { Condition, ConditionStore } from '../../functions/ports/condition-store.ts';

export interface StoredCondition extends Condition {
  readonly since: string;
  readonly reportedAt: string;
}

export class InMemoryConditionStore implements ConditionStore {
  readonly #conditions = new Map<string, StoredCondition>();
  readonly #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** Those that have not expired. */
  get conditions(): readonly StoredCondition[] {
    return [...this.#conditions.values()].filter((condition) => this.#isCurrent(condition));
  }

  async report(condition: Condition): Promise<void> {
    const earlier = this.#conditions.get(condition.id);
    const reportedAt = this.#now().toISOString();
    const continues = earlier !== undefined && earlier.code === condition.code && this.#isCurrent(earlier);
    this.#conditions.set(condition.id, { ...condition, since: continues ? earlier.since : reportedAt, reportedAt });
  }

  async clear(id: string): Promise<void> {
    this.#conditions.delete(id);
  }

  #isCurrent({ reportedAt }: StoredCondition): boolean {
    return Date.parse(reportedAt) + CONDITION_EXPIRY_SECONDS * 1_000 > this.#now().getTime();
  }
}
