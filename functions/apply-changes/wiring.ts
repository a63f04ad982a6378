import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaDeadLetterQueue } from '../adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { EMPLOYEE_REPLICA_SESSION, PostgresEmployeeReplica } from '../adapters/postgres/postgres-employee-replica.ts';
import type { ChangeRule } from '../core/change-rules.ts';
import type { TombstoneStore } from '../ports/tombstone-store.ts';
import { createTickRecorder } from '../runtime/tick-recorder.ts';
import { ChangeApplier } from './change-applier.ts';

export interface ApplierSettings {
  readonly kafka: KafkaSettings;
  readonly deadLetterTopic: string;
  /** The consumer group whose records it applies. */
  readonly group: string;
  readonly targetDatabase: DatabaseSettings;
  readonly rules: readonly ChangeRule[];
}

export interface ApplierConnections {
  readonly applier: ChangeApplier;
  readonly tombstones: TombstoneStore;
  close(): Promise<void>;
}

/**
 * Connects to the target database. The Kafka client connects at the first dead letter.
 *
 * @throws ConfigError when the target's encoding is not UTF-8.
 */
export async function openApplier(settings: ApplierSettings): Promise<ApplierConnections> {
  const database = await Database.open({ ...settings.targetDatabase, sessionSettings: EMPLOYEE_REPLICA_SESSION });
  await assertUtf8(database, 'target');
  const replica = new PostgresEmployeeReplica(database);
  const publisher = new KafkaRecordPublisher(settings.kafka);
  const deadLetters = new KafkaDeadLetterQueue(publisher, settings.deadLetterTopic, settings.group);
  return {
    applier: new ChangeApplier(replica, deadLetters, settings.rules, createTickRecorder('apply-changes')),
    tombstones: replica,
    close: async () => {
      await Promise.all([publisher.disconnect(), database.close()]);
    },
  };
}
