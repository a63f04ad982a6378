import { randomUUID } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../adapters/dynamodb/dynamo-client.ts';
import { DynamoConditionStore } from '../adapters/dynamodb/dynamo-condition-store.ts';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../adapters/kafka/kafka-topic-admin.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { CHANGE_SOURCE_SESSION, PostgresChangeSource } from '../adapters/postgres/postgres-change-source.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { ChangePoller } from './change-poller.ts';
import type { PurgeSettings } from './change-purger.ts';
import { Lease } from './lease.ts';
import type { PollerTiming } from './timing.ts';

/** The systems that a poller works with. */
export interface PollerConnections {
  readonly source: ChangeSource;
  readonly publisher: RecordPublisher;
  readonly ledger: PollerLedger;
  readonly conditions: ConditionStore;
  readonly topic: string;
  /**
   * Connects to the source and to Kafka, and returns the number of partitions of the topic.
   *
   * @throws ConfigError when the source's encoding is not UTF-8.
   */
  connectAll(): Promise<number>;
}

export interface ConnectionSettings {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly sourceDatabase: DatabaseSettings;
  readonly offsetTable: string;
  /** For a DynamoDB that is not the one of Lambda's own account and region. */
  readonly dynamo?: DynamoDBClientConfig;
}

export interface PollerSettings extends PurgeSettings {
  readonly leaseMs: number;
  readonly timing: PollerTiming;
}

/** Nothing is connected yet: each client connects at its first use, or by `connectAll`. */
export async function openConnections(
  settings: ConnectionSettings,
): Promise<PollerConnections & { close(): Promise<void> }> {
  const { kafka, topic } = settings;
  const publisher = new KafkaRecordPublisher(kafka);
  const database = await Database.open({
    ...settings.sourceDatabase,
    sessionSettings: CHANGE_SOURCE_SESSION,
    // One each for reading, saving and purging, so that they do not wait for each other.
    maxConnections: 3,
  });
  const dynamo = createDynamoClient(settings.dynamo);
  return {
    source: new PostgresChangeSource(database),
    publisher,
    ledger: new DynamoPollerLedger(dynamo, settings.offsetTable),
    conditions: new DynamoConditionStore(dynamo, settings.offsetTable),
    topic,
    connectAll: async () => {
      await Promise.all([assertUtf8(database, 'source'), publisher.connect()]);
      return new KafkaTopicAdmin(kafka).partitionCount(topic);
    },
    close: async () => {
      await Promise.all([publisher.disconnect(), database.close()]);
      dynamo.destroy();
    },
  };
}

/** What one invocation adds to the connections, which outlive it. */
export interface PollerInvocation {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitionCount: number;
  /** As in `LeaseOptions`. */
  readonly ownerIsDead?: boolean;
}

/** A poller with a lease of its own, for one invocation. */
export function createPoller(
  { source, publisher, ledger, conditions, topic }: Omit<PollerConnections, 'connectAll'>,
  { clock, logger, partitionCount, ownerIsDead = false }: PollerInvocation,
  { leaseMs, timing, purgeIntervalMs, retentionHours }: PollerSettings,
): ChangePoller {
  const lease = new Lease(ledger, clock, {
    owner: randomUUID(),
    timing: { leaseMs, heartbeatMs: timing.heartbeatMs, pollIntervalMs: timing.leasePollIntervalMs },
    ownerIsDead,
  });
  const dependencies = { source, publisher, topic, partitionCount, lease, conditions, clock, logger };
  return new ChangePoller(dependencies, timing, { purgeIntervalMs, retentionHours });
}
