import { hash } from 'node:crypto';
import { KafkaDeadLetterQueue } from '../adapters/kafka/kafka-dead-letter-queue.ts';
import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { KafkaRecordReader } from '../adapters/kafka/kafka-record-reader.ts';
import { KafkaTopicInspector } from '../adapters/kafka/kafka-topic-inspector.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { PostgresAppliedOffsets } from '../adapters/postgres/postgres-applied-offsets.ts';
import { PostgresDeadLetterLedger } from '../adapters/postgres/postgres-dead-letter-ledger.ts';
import { PostgresDeadLetterRetention } from '../adapters/postgres/postgres-dead-letter-retention.ts';
import { PostgresIngestionLedger } from '../adapters/postgres/postgres-ingestion-ledger.ts';
import { PostgresRedriveLedger } from '../adapters/postgres/postgres-redrive-ledger.ts';
import { PostgresRedriveOutcomes } from '../adapters/postgres/postgres-redrive-outcomes.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';
import { DEAD_LETTER_SUFFIX } from '../core/topics.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterLedger } from '../ports/dead-letter-ledger.ts';
import type { DeadLetterRetention } from '../ports/dead-letter-retention.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { Logger } from '../ports/logger.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RedriveLedger } from '../ports/redrive-ledger.ts';
import { LocatedPublisher } from './located-publisher.ts';
import { OutcomeSettler } from './outcome-settler.ts';
import { RedriveBatch } from './redrive-batch.ts';
import { Redriver } from './redriver.ts';

interface ConsumedTopic {
  readonly topic: string;
  /** The consumer group by which its records are written to the target. */
  readonly group: string;
  /** The consumer group by which its dead letters are indexed. */
  readonly deadLetterGroup: string;
}

export interface RedriveSettings {
  readonly changes: ConsumedTopic;
  readonly salaries: ConsumedTopic;
  readonly kafka: KafkaSettings;
  readonly targetDatabase: DatabaseSettings;
  readonly store: ObjectStore;
  readonly filter: SalaryFilter;
  readonly transformCsv: FunctionInvoker;
  readonly redrive: FunctionInvoker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly marginMs: number;
}

export interface RedriveConnections {
  readonly ledger: RedriveLedger;
  readonly deadLetters: Pick<DeadLetterLedger, 'discard'>;
  readonly batch: RedriveBatch;
  readonly settler: OutcomeSettler;
  readonly retention: DeadLetterRetention;
  readonly redriver: Redriver;
  close(): Promise<void>;
}

/** Nothing is connected yet: each client connects at its first use. */
export async function openRedrive(settings: RedriveSettings): Promise<RedriveConnections> {
  const { kafka, store, filter, transformCsv, changes, salaries } = settings;
  // One connection reads the next batch while another one records a batch.
  const database = await Database.open({ maxConnections: 2, ...settings.targetDatabase });
  const recordPublisher = new KafkaRecordPublisher(kafka);
  const reader = new KafkaRecordReader(kafka);
  const inspector = new KafkaTopicInspector(kafka);
  const ledger = new PostgresRedriveLedger(database);
  const settler = new OutcomeSettler({
    ...{ outcomes: new PostgresRedriveOutcomes(database), inspector },
    appliedOffsets: new PostgresAppliedOffsets(database),
    consumers: {
      [changes.topic]: { ...changes, recordsOffsets: true },
      [salaries.topic]: { ...salaries, recordsOffsets: false },
    },
  });
  const batch = new RedriveBatch({
    ...{ reader, store, filter, transformCsv, changesTopic: changes.topic, salariesTopic: salaries.topic },
    publisher: new LocatedPublisher(recordPublisher, inspector),
    rejectedRows: new KafkaDeadLetterQueue(recordPublisher, `${salaries.topic}${DEAD_LETTER_SUFFIX}`),
    files: new PostgresIngestionLedger(database),
    sha256: (bytes) => hash('sha256', bytes),
    now: () => new Date(),
  });
  const retention = new PostgresDeadLetterRetention(database);
  return {
    ...{ ledger, batch, settler, retention, deadLetters: new PostgresDeadLetterLedger(database) },
    redriver: new Redriver({ ...settings, ledger, batch, settler, retention }),
    close: async () => {
      await Promise.all([recordPublisher.disconnect(), reader.disconnect(), inspector.disconnect(), database.close()]);
    },
  };
}
