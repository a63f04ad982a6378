import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PollerLedger } from '../../../functions/adapters/dynamodb/poller-ledger.ts';
import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { CAPTURE_SESSION, ChangeCapture } from '../../../functions/adapters/postgres/change-capture.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { EmployeeReplica, REPLICA_SESSION } from '../../../functions/adapters/postgres/employee-replica.ts';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { ChangePoller, type PollerLog } from '../../../functions/poll-changes/change-poller.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import type { Clock } from '../../../functions/poll-changes/ports.ts';
import type { CdcSettings } from './settings.ts';

export const clock: Clock = { now: () => performance.now(), sleep: async (ms: number) => void (await sleep(ms)) };

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

class WatchedCapture extends ChangeCapture {
  onRead: (() => void) | undefined;

  override readDifference(since: string) {
    this.onRead?.();
    return super.readDifference(since);
  }
}

/** The poller as its handler wires it, on topics of the test's own. */
export async function wirePoller(
  settings: CdcSettings,
  log: PollerLog,
  { time = clock, onRead, onPublished }: PollerHooks = {},
): Promise<WiredPoller> {
  const kafka = { brokers: settings.brokers, auth: 'none', clientId: 'test-poller' } as const;
  const publisher = new KafkaRecordPublisher(kafka);
  const database = await Database.open({
    url: settings.sourceUrl,
    applicationName: 'test-poller',
    sessionSettings: CAPTURE_SESSION,
    maxConnections: 3,
  });
  const dynamodb = createDynamoDb(settings.dynamodbEndpoint, 'as functions');
  const ledger = new PollerLedger(dynamodb, settings.offsetTable);
  const source = new WatchedCapture(database);
  source.onRead = onRead;
  const poller = new ChangePoller(
    {
      source,
      publisher: {
        publish: async (records) => {
          await publisher.publish(settings.topic, records);
          onPublished?.(records);
        },
      },
      clock: time,
      log,
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
  const timing = { leaseMs: settings.leaseMs, heartbeatMs: settings.heartbeatMs, lookMs: 10 };
  return {
    poller,
    newLease: () => new Lease(ledger, time, timing, randomUUID()),
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
    sessionSettings: REPLICA_SESSION,
  });
  const deadLetters = new KafkaDeadLetterQueue(publisher, settings.deadLetterTopic);
  return {
    applier: new ChangeApplier(new EmployeeReplica(database), deadLetters, parseChangeRules(settings.rules)),
    close: async () => {
      await Promise.all([publisher.disconnect(), database.close()]);
    },
  };
}
