/** Why a record does not pass its mapping's schema registry, in AWS's words. */
export type SchemaFailure = 'SCHEMA_NOT_FOUND' | 'DESERIALIZATION_ERROR';

/** A record that was polled from a partition of the mapping's topic. */
export interface PolledRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** `performance.now()` when it was polled; the batching window starts here. */
  readonly arrivedAtMs: number;
  /** The record as an element of the event's `records` array. */
  readonly json: string;
  /** Length of `json` in UTF-8. */
  readonly bytes: number;
  /** Set when the function must not get the record. */
  readonly failure?: SchemaFailure;
}
