import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../adapters/kafka/kafka-topic-admin.ts';
import { Database } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { CHANGE_SOURCE_SESSION, PostgresChangeSource } from '../adapters/postgres/postgres-change-source.ts';
import { CHANGES_TOPIC } from '../core/topics.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { kafkaOf, loadConfig, sourceDatabaseOf } from '../runtime/config.ts';
import { createHandler, type Telemetry } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metric-names.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { ChangePoller } from './change-poller.ts';
import { pollChangesShape } from './config.ts';
import { Lease } from './lease.ts';
import { untilConnected } from './until-connected.ts';

const NAME = 'poll-changes';
/** Kept back from the time that the invocation has, so that the lease is released before it is ended. */
const RESERVE_MS = 5_000;

interface Dependencies extends Telemetry {
  readonly config: Pick<Config, 'POLLER_LEASE_MS' | 'CDC_RETENTION_HOURS' | 'CDC_PURGE_SECONDS'>;
  readonly source: ChangeSource;
  readonly publisher: RecordPublisher;
  readonly ledger: PollerLedger;
  /** Connects to everything, and tells the number of partitions. */
  readonly connectAll: () => Promise<number>;
}

interface PollRequest {
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
      sessionSettings: CHANGE_SOURCE_SESSION,
      // Reading, saving and purging do not wait for one another.
      maxConnections: 3,
    });
    const client = new DynamoDBClient({
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    });
    return {
      config,
      source: new PostgresChangeSource(database),
      publisher,
      ledger: new DynamoPollerLedger(client, config.OFFSET_TABLE),
      connectAll: async () => {
        await Promise.all([assertUtf8(database, 'source'), publisher.connect()]);
        return topics.partitionCount(CHANGES_TOPIC);
      },
      logger,
      metrics,
    };
  },
  handle: async (dependencies, event: PollRequest | null, context: Context) => {
    const { config, source, publisher, ledger, connectAll, logger, metrics } = dependencies;
    const untilMs = systemClock.monotonicMs() + context.getRemainingTimeInMillis() - RESERVE_MS;
    // Everything is connected before the lease is asked for, so that the one that runs is relieved without a gap.
    const partitions = await untilConnected(systemClock, untilMs, logger, async () => {
      const count = await connectAll();
      if (event?.resnapshot === true) await ledger.requestResnapshot(randomUUID());
      return count;
    });
    const poller = new ChangePoller(
      { source, publisher, topic: CHANGES_TOPIC, clock: systemClock, logger, partitionCount: partitions },
      {
        busyTickMs: 25,
        idleTickMs: 100,
        saveEveryMs: 250,
        retryMs: [100, 2_000],
        purgeEveryMs: config.CDC_PURGE_SECONDS * 1_000,
        retentionHours: config.CDC_RETENTION_HOURS,
      },
    );
    const timing = { leaseMs: config.POLLER_LEASE_MS, heartbeatMs: 1_000, pollIntervalMs: 10 };
    const lease = new Lease(ledger, systemClock, {
      owner: randomUUID(),
      timing,
      ownerIsDead: event?.ownerIsDead === true,
    });
    const result = await poller.run(lease, untilMs);
    logger.info('polling ends', { ...result });
    metrics.addMetric(METRIC.changesPublished, 'Count', result.published);
    return result;
  },
});
