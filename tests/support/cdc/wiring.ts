import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoPollerLedger } from '../../../functions/adapters/dynamodb/dynamo-poller-ledger.ts';
import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import {
  CHANGE_SOURCE_SESSION,
  PostgresChangeSource,
} from '../../../functions/adapters/postgres/postgres-change-source.ts';
import {
  EMPLOYEE_REPLICA_SESSION,
  PostgresEmployeeReplica,
} from '../../../functions/adapters/postgres/postgres-employee-replica.ts';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { ChangePoller } from '../../../functions/poll-changes/change-poller.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import type { Clock } from '../../../functions/ports/clock.ts';
import type { Logger } from '../../../functions/ports/logger.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import type { CdcSettings } from './settings.ts';

/** As the functions have it: what is not answered soon is asked again. */
const AS_FUNCTIONS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
/** For what a test asks by itself: asked again, what is merely slow would be done twice, which only pollers can take. */
const PATIENT = { connectionTimeout: 30_000, requestTimeout: 60_000 };

export function createDynamoDb(endpoint: string, whose: 'as functions' | 'patient'): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: whose === 'patient' ? PATIENT : AS_FUNCTIONS,
  });
}

export interface WiredPoller {
  readonly poller: ChangePoller;
  /** A lease under a new name, so the one of a new invocation. */
  newLease(): Lease;
  close(): Promise<void>;
}

export interface PollerHooks {
  readonly time?: Clock;
  /** Before each look for changes. */
  readonly onRead?: () => void;
  readonly onPublished?: (records: readonly OutgoingRecord[]) => void;
}

class WatchedChangeSource extends PostgresChangeSource {
  onRead: (() => void) | undefined;

  override readDifference(since: string) {
    this.onRead?.();
    return super.readDifference(since);
  }
}

/** The poller as its handler wires it, on topics of the test's own. */
export async function wirePoller(
  settings: CdcSettings,
  logger: Logger,
  { time = systemClock, onRead, onPublished }: PollerHooks = {},
): Promise<WiredPoller> {
  const kafka = { brokers: settings.brokers, auth: 'none', clientId: 'test-poller' } as const;
  const publisher = new KafkaRecordPublisher(kafka);
  const database = await Database.open({
    url: settings.sourceUrl,
    applicationName: 'test-poller',
    sessionSettings: CHANGE_SOURCE_SESSION,
    maxConnections: 3,
  });
  const dynamodb = createDynamoDb(settings.dynamodbEndpoint, 'as functions');
  const ledger = new DynamoPollerLedger(dynamodb, settings.offsetTable);
  const source = new WatchedChangeSource(database);
  source.onRead = onRead;
  const poller = new ChangePoller(
    {
      source,
      publisher: {
        publish: async (topic, records) => {
          await publisher.publish(topic, records);
          onPublished?.(records);
        },
      },
      clock: time,
      logger,
      topic: settings.topic,
      partitionCount: await new KafkaTopicAdmin(kafka).partitionCount(settings.topic),
    },
    {
      busyTickMs: 10,
      idleTickMs: 100,
      saveEveryMs: settings.saveEveryMs,
      retryMs: [100, 2_000],
      purgeEveryMs: 60_000,
      retentionHours: 168,
    },
  );
  await publisher.connect();
  const timing = { leaseMs: settings.leaseMs, heartbeatMs: settings.heartbeatMs, pollIntervalMs: 10 };
  return {
    poller,
    newLease: () => new Lease(ledger, time, { owner: randomUUID(), timing }),
    close: async () => {
      await Promise.all([publisher.disconnect(), database.close()]);
      dynamodb.destroy();
    },
  };
}

export interface WiredApplier {
  readonly applier: ChangeApplier;
  close(): Promise<void>;
}

/** The applier as its handler wires it, on topics of the test's own. */
export async function wireApplier(settings: CdcSettings): Promise<WiredApplier> {
  const publisher = new KafkaRecordPublisher({ brokers: settings.brokers, auth: 'none', clientId: 'test-applier' });
  const database = await Database.open({
    url: settings.targetUrl,
    applicationName: 'test-applier',
    sessionSettings: EMPLOYEE_REPLICA_SESSION,
  });
  const deadLetters = new KafkaDeadLetterQueue(publisher, settings.deadLetterTopic);
  return {
    applier: new ChangeApplier(new PostgresEmployeeReplica(database), deadLetters, parseChangeRules(settings.rules)),
    close: async () => {
      await Promise.all([publisher.disconnect(), database.close()]);
    },
  };
}
