import { DELETION_MEMORY_MS } from './topics.ts';

/** `changedAt` is the last field of a change, so it is within this many bytes of the end. */
const TAIL_BYTES = 200;

/**
 * Whether the target may have forgotten a deletion that is newer than the change, so that the change would bring the
 * employee back. The older of the change's time and its first failure counts. Without either, the change counts as
 * recent.
 *
 * @param firstFailedAt ISO 8601; `null` when it is not known.
 */
export function mayOutliveDeletion(change: Buffer | null, firstFailedAt: string | null, now: Date): boolean {
  const tail = change?.subarray(-TAIL_BYTES).toString() ?? '';
  const [, changedAt = ''] = /"changedAt":"([^"]{1,40})"/.exec(tail) ?? [];
  const times = [Date.parse(changedAt), Date.parse(firstFailedAt ?? '')].filter((time) => !Number.isNaN(time));
  return now.getTime() - Math.min(...times) > DELETION_MEMORY_MS;
}
