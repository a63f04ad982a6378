import { entryOf } from '../core/dead-letter-entry.ts';
import type { LedgerEntry } from '../ports/dead-letter-ledger.ts';
import type { RecordReader } from '../ports/record-reader.ts';

/** The record of a dead letter; `null` when Kafka no longer has it. @throws when Kafka is unreachable. */
export async function recordOf(records: Pick<RecordReader, 'read'>, { id, topic, partition, offset }: LedgerEntry) {
  const [record] = await records.read(topic, partition, [BigInt(offset)]);
  // A topic that was created again has other records at the same offsets.
  return record === undefined || entryOf(record).id !== id ? null : record;
}
