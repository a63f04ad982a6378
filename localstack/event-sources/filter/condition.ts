import type { JsonValue } from './json-value.ts';

/** Whether a leaf matches; undefined is an absent leaf. */
export type Condition = (value: JsonValue | undefined) => boolean;

/** A pattern that AWS refuses. */
export class InvalidPatternError extends Error {
  override name = 'InvalidPatternError';
}
