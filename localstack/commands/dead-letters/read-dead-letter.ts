import { KafkaRecordReader } from '../../../functions/adapters/kafka/kafka-record-reader.ts';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { RecordOrigin } from '../../../functions/core/dead-letter-origin.ts';

/** Reads one record of a dead-letter topic; `null` when it has expired or is no dead letter. */
export async function readDeadLetter(
  brokers: readonly string[],
  { topic, partition, offset }: RecordOrigin,
): Promise<Envelope | null> {
  const reader = new KafkaRecordReader({ brokers, auth: 'none', clientId: 'dead-letters' });
  try {
    const [record] = await reader.read(topic, partition, [BigInt(offset)]);
    return record?.value ? (decodeEnvelope(record.value) ?? null) : null;
  } finally {
    await reader.disconnect();
  }
}
