import type { QueuedEvent } from '../model/async-invocation.ts';

/** All attempts of an event have the same request id. */
export function requestIdOf({ id }: QueuedEvent): string {
  return id.slice(id.indexOf('-') + 1);
}
