import type { Condition } from './condition-store.ts';

/** A condition, and since when it lasts. */
export interface CurrentCondition extends Condition {
  readonly since: Date;
}

/**
 * Reads the conditions that `ConditionStore` keeps.
 *
 * @throws when the store is unreachable.
 */
export interface ConditionReader {
  /** Those that have not expired, by id. */
  read(): Promise<readonly CurrentCondition[]>;
}
