import { KafkaRecordReader } from '../../../functions/adapters/kafka/kafka-record-reader.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../../../functions/adapters/postgres/postgres-dead-letter-ledger.ts';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { DeadLetterLedger, LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import { readEndpoints } from '../../stack/endpoints.ts';
import { openStage, type StackChoice } from '../stage/open-functions.ts';
import { StageDeadLetters } from './stage-dead-letters.ts';

type UsedLedger = Pick<DeadLetterLedger, 'list' | 'count' | 'find' | 'discard'>;

/** Reads the record of an entry; `null` when it has expired or is no dead letter. */
type ReadDeadLetter = (entry: LedgerEntry) => Promise<Envelope | null>;

/** Works on the dead letters of the running stack, or of a stage through its functions. */
export async function withDeadLetters<Result>(
  { stage, region, directory }: StackChoice,
  work: (ledger: UsedLedger, readDeadLetter: ReadDeadLetter) => Promise<Result>,
): Promise<Result> {
  if (stage !== undefined) {
    const ledger = new StageDeadLetters(openStage(stage, region));
    return work(ledger, ({ id }) => ledger.read(id));
  }
  const { targetDatabaseUrl: url, kafka } = await readEndpoints(directory);
  const database = await Database.open({ url, applicationName: 'dead-letters', maxConnections: 2 });
  try {
    return await work(new PostgresDeadLetterLedger(database), (entry) => readDeadLetter(kafka.brokers, entry));
  } finally {
    await database.close();
  }
}

async function readDeadLetter(
  brokers: readonly string[],
  { topic, partition, offset }: LedgerEntry,
): Promise<Envelope | null> {
  const reader = new KafkaRecordReader({ brokers, auth: 'none', clientId: 'dead-letters' });
  try {
    const [record] = await reader.read(topic, partition, [BigInt(offset)]);
    return record?.value ? (decodeEnvelope(record.value) ?? null) : null;
  } finally {
    await reader.disconnect();
  }
}
