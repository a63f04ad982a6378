import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../adapters/dynamodb/dynamo-client.ts';
import { DynamoConditionStore } from '../adapters/dynamodb/dynamo-condition-store.ts';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaTopicInspector } from '../adapters/kafka/kafka-topic-inspector.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { PostgresAppliedOffsets } from '../adapters/postgres/postgres-applied-offsets.ts';
import { PostgresPipelineHistory } from '../adapters/postgres/postgres-pipeline-history.ts';
import { PostgresTargetLevels } from '../adapters/postgres/postgres-target-levels.ts';
import { PostgresUnfinishedFiles } from '../adapters/postgres/postgres-unfinished-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { TargetLevels } from '../ports/target-levels.ts';
import { HistoryUpkeep } from './history-upkeep.ts';
import { LeaseWatch } from './lease-watch.ts';
import { ReplicaWatch } from './replica-watch.ts';
import { RowsWatch } from './rows-watch.ts';

interface ConsumedTopic {
  readonly topic: string;
  /** The consumer group by which its records are written to the target. */
  readonly group: string;
}

export interface WatchSettings {
  readonly kafka: KafkaSettings;
  readonly changes: ConsumedTopic;
  readonly rows: ConsumedTopic & { readonly bucket: string };
  readonly targetDatabase: DatabaseSettings;
  readonly offsetTable: string;
  /** For a DynamoDB that is not the one of Lambda's own account and region. */
  readonly dynamo?: DynamoDBClientConfig;
}

export interface WatchConnections {
  readonly replicaWatch: ReplicaWatch;
  readonly rowsWatch: RowsWatch;
  readonly historyUpkeep: HistoryUpkeep;
  readonly leaseWatch: LeaseWatch;
  readonly levels: TargetLevels;
  readonly conditions: ConditionStore;
  readonly ledger: PollerLedger;
  close(): Promise<void>;
}

/** Nothing is connected yet: each client connects at its first use. */
export async function openReplicaWatch(
  settings: WatchSettings,
  logger: Logger,
  clock: Clock,
): Promise<WatchConnections> {
  const { bucket, ...rows } = settings.rows;
  const inspector = new KafkaTopicInspector(settings.kafka);
  const database = await Database.open(settings.targetDatabase);
  const dynamo = createDynamoClient(settings.dynamo);
  const conditions = new DynamoConditionStore(dynamo, settings.offsetTable);
  const appliedOffsets = new PostgresAppliedOffsets(database);
  const ledger = new DynamoPollerLedger(dynamo, settings.offsetTable);
  return {
    replicaWatch: new ReplicaWatch({ inspector, appliedOffsets, ledger, conditions, logger, ...settings.changes }),
    rowsWatch: new RowsWatch({
      ...{ inspector, conditions, logger, ...rows },
      unfinishedFiles: new PostgresUnfinishedFiles(database, bucket),
    }),
    leaseWatch: new LeaseWatch(ledger, clock),
    levels: new PostgresTargetLevels(database),
    historyUpkeep: new HistoryUpkeep(new PostgresPipelineHistory(database), clock),
    conditions,
    ledger,
    close: async () => {
      await Promise.all([inspector.disconnect(), database.close()]);
      dynamo.destroy();
    },
  };
}
