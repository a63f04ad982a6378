import type { KafkaMapping } from '../../model/kafka-mapping.ts';

export interface RetryBackoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** AWS limits infinite retries when the mapping has an on-failure destination. */
const MAX_RETRIES_WITH_DESTINATION = 10;

/** Retries after the first invocation. */
export function maximumRetries({ maximumRetryAttempts, onFailureDestination }: KafkaMapping): number {
  if (maximumRetryAttempts >= 0) return maximumRetryAttempts;
  return onFailureDestination === undefined ? Number.POSITIVE_INFINITY : MAX_RETRIES_WITH_DESTINATION;
}

/** The delay after the given number of consecutive failures: doubles from `initialMs` to `maxMs`. */
export function backoffDelayMs({ initialMs, maxMs }: RetryBackoff, failureCount: number): number {
  // Limit the exponent: a batch may fail for days.
  return Math.min(maxMs, initialMs * 2 ** Math.min(failureCount - 1, 30));
}
