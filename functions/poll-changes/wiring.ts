import { randomUUID } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../adapters/dynamodb/dynamo-client.ts';
import { DynamoConditionStore } from '../adapters/dynamodb/dynamo-condition-store.ts';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicInspector } from '../adapters/kafka/kafka-topic-inspector.ts';
import { TracedRecordPublisher } from '../adapters/kafka/traced-record-publisher.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { CHANGE_SOURCE_SESSION, PostgresChangeSource } from '../adapters/postgres/postgres-change-source.ts';
import type { TopicState } from '../core/topic-state.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';
import { ChangePoller } from './change-poller.ts';
import type { PurgeSettings } from './change-purger.ts';
import { Lease } from './lease.ts';
import type { PollerTiming } from './timing.ts';

/** The systems that a poller works with. */
export interface PollerConnections {
  readonly source: ChangeSource;
  readonly publisher: RecordPublisher;
  readonly inspector: Pick<TopicInspector, 'describe'>;
  readonly ledger: PollerLedger;
  readonly conditions: ConditionStore;
  readonly topic: string;
  /**
   * Connects to the source and to Kafka, and describes the topic.
   *
   * @throws ConfigError when the source's encoding is not UTF-8.
   */
  connectAll(): Promise<TopicState>;
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
  const inspector = new KafkaTopicInspector(kafka);
  const database = await Database.open({
    ...settings.sourceDatabase,
    sessionSettings: CHANGE_SOURCE_SESSION,
    // One each for reading, saving, purging and looking at the capture, so that they do not wait for each other.
    maxConnections: 4,
  });
  const dynamo = createDynamoClient(settings.dynamo);
  return {
    source: new PostgresChangeSource(database),
    publisher: new TracedRecordPublisher(publisher),
    inspector,
    ledger: new DynamoPollerLedger(dynamo, settings.offsetTable),
    conditions: new DynamoConditionStore(dynamo, settings.offsetTable),
    topic,
    connectAll: async () => {
      const [state] = await Promise.all([
        inspector.describe(topic),
        assertUtf8(database, 'source'),
        publisher.connect(),
      ]);
      return state;
    },
    close: async () => {
      await Promise.all([publisher.disconnect(), inspector.disconnect(), database.close()]);
      dynamo.destroy();
    },
  };
}

/** What one invocation adds to the connections, which outlive it. */
export interface PollerInvocation {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What `connectAll` returned. */
  readonly topicState: TopicState;
  /** As in `LeaseOptions`. */
  readonly ownerIsDead?: boolean;
}

/** A poller with a lease of its own, for one invocation. */
export function createPoller(
  { source, publisher, inspector, ledger, conditions, topic }: Omit<PollerConnections, 'connectAll'>,
  { clock, logger, topicState, ownerIsDead = false }: PollerInvocation,
  { leaseMs, timing, purgeIntervalMs, retentionHours }: PollerSettings,
): ChangePoller {
  const lease = new Lease(ledger, clock, {
    owner: randomUUID(),
    timing: {
      leaseMs,
      heartbeatMs: timing.heartbeatMs,
      pollIntervalMs: timing.leasePollIntervalMs,
      acceptanceMs: timing.acceptanceMs,
    },
    ownerIsDead,
  });
  const dependencies = { source, publisher, inspector, topic, topicState, lease, conditions, clock, logger };
  return new ChangePoller(dependencies, timing, { purgeIntervalMs, retentionHours });
}
