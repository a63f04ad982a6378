import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { PollerLedger } from '../adapters/dynamodb/poller-ledger.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../adapters/kafka/kafka-topic-admin.ts';
import { CAPTURE_SESSION, ChangeCapture } from '../adapters/postgres/change-capture.ts';
import { Database } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { CHANGES_TOPIC } from '../core/topics.ts';
import { kafkaOf, loadConfig, sourceDatabaseOf } from '../runtime/config.ts';
import { createHandler, type Telemetry } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metric-names.ts';
import { ChangePoller } from './change-poller.ts';
import { pollChangesShape } from './config.ts';
import { Lease } from './lease.ts';
import type { ChangePublisher, ChangeSource, Ledger } from './ports.ts';
import { untilConnected } from './until-connected.ts';

const NAME = 'poll-changes';
/** Kept back from the time that the invocation has, so that the lease is released before it is ended. */
const RESERVE_MS = 5_000;

const clock = { now: () => performance.now(), sleep: async (ms: number) => void (await sleep(ms)) };

interface Dependencies extends Telemetry {
  readonly config: Pick<Config, 'POLLER_LEASE_MS' | 'CDC_RETENTION_HOURS' | 'CDC_PURGE_SECONDS'>;
  readonly source: ChangeSource;
  readonly publisher: ChangePublisher;
  readonly ledger: Ledger;
  /** Connects to everything, and tells the number of partitions. */
  readonly reachAll: () => Promise<number>;
}

interface Orders {
  readonly resnapshot?: unknown;
  readonly ownerIsDead?: unknown;
}

type Config = ReturnType<typeof loadConfig<typeof pollChangesShape>>;

/**
 * Just polls, by the schedule's event and any other. One with `"resnapshot": true` begins a new snapshot; one with
 * `"ownerIsDead": true` says that no other poller runs, so that a lease left by a killed one is not waited for.
 */
export const handler = createHandler({
  name: NAME,
  connect: async ({ logger, metrics }): Promise<Dependencies> => {
    const config = loadConfig(pollChangesShape, process.env);
    const publisher = new KafkaRecordPublisher(kafkaOf(config, NAME));
    const topics = new KafkaTopicAdmin(kafkaOf(config, NAME));
    const database = await Database.open({
      ...sourceDatabaseOf(config, NAME),
      sessionSettings: CAPTURE_SESSION,
      // Reading, saving and purging do not wait for one another.
      maxConnections: 3,
    });
    const client = new DynamoDBClient({
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    });
    return {
      config,
      source: new ChangeCapture(database),
      publisher: { publish: (records) => publisher.publish(CHANGES_TOPIC, records) },
      ledger: new PollerLedger(client, config.OFFSET_TABLE),
      reachAll: async () => {
        await Promise.all([assertUtf8(database, 'source'), publisher.connect()]);
        return topics.partitionCount(CHANGES_TOPIC);
      },
      logger,
      metrics,
    };
  },
  handle: async (dependencies, event: Orders | null, context: Context) => {
    const { config, source, publisher, ledger, reachAll, logger, metrics } = dependencies;
    const untilMs = clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    // Everything is connected before the lease is asked for, so that the one that runs is relieved without a gap.
    const partitions = await untilConnected(clock, untilMs, logger, async () => {
      const count = await reachAll();
      if (event?.resnapshot === true) await ledger.requestResnapshot(randomUUID());
      return count;
    });
    const poller = new ChangePoller(
      { source, publisher, clock, log: logger, partitionCount: partitions },
      {
        busyTickMs: 25,
        idleTickMs: 100,
        saveEveryMs: 250,
        retryMs: [100, 2_000],
        purgeEveryMs: config.CDC_PURGE_SECONDS * 1_000,
        retentionHours: config.CDC_RETENTION_HOURS,
      },
    );
    const timing = { leaseMs: config.POLLER_LEASE_MS, heartbeatMs: 1_000, lookMs: 10 };
    const lease = new Lease(ledger, clock, timing, randomUUID());
    const result = await poller.run(lease, untilMs, event?.ownerIsDead === true);
    logger.info('polling ends', { ...result });
    metrics.addMetric(METRIC.changesPublished, 'Count', result.published);
    return result;
  },
});
