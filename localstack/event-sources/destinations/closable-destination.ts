import type { FailureDestination } from '../model/failed-batch.ts';

/** A destination that may hold connections. */
export interface ClosableDestination extends FailureDestination {
  close(): Promise<void>;
}
