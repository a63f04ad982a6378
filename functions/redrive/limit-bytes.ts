import type { ClaimedDeadLetter } from '../core/redrive.ts';

/** Payloads of one batch in memory. A dead letter takes about three times its payload: as JSON, decoded, and as a record. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** The first dead letters of a batch whose payloads fit into memory together; at least one. */
export function limitBytes(batch: readonly ClaimedDeadLetter[]): readonly ClaimedDeadLetter[] {
  let bytes = 0;
  const end = batch.findIndex(({ payloadBytes }, index) => {
    bytes += payloadBytes;
    return bytes > MAX_BATCH_BYTES && index > 0;
  });
  return end === -1 ? batch : batch.slice(0, end);
}
