import type { ConsumerConfig, KafkaConfig } from 'kafkajs';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';

export interface ConsumerOptions {
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  /** A member without a heartbeat for this long is dropped, and its partitions are reassigned. */
  readonly sessionTimeoutMs: number;
  /** Further settings of the Kafka client, for instance `ssl` and `sasl`. */
  readonly client?: Partial<KafkaConfig>;
}

const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };

/** Larger uses more memory per partition, smaller needs more fetches per batch. */
const FETCH_BYTES = { minimum: 64 * 1024, maximum: 1024 * 1024, perRecord: 512 };
/** kafkajs also sleeps this long when all partitions are paused, so larger delays the fetch after a resume. */
const FETCH_WAIT_MS = 50;
/** New partitions are found after this time. Larger delays their first records, smaller asks the broker more often. */
const METADATA_MAX_AGE_MS = 5_000;
/** The minimum; functions with a longer timeout get more, because a rebalance waits for batches in flight. */
const MIN_REBALANCE_TIMEOUT_MS = 60_000;
const REBALANCE_GRACE_SECONDS = 30;
const MAX_HEARTBEAT_INTERVAL_MS = 1_000;

export function clientConfig(mapping: KafkaMapping, client: Partial<KafkaConfig> = {}): KafkaConfig {
  return {
    clientId: `event-source-${mapping.uuid}`,
    connectionTimeout: 3_000,
    ...client,
    brokers: [...mapping.brokers],
    retry,
  };
}

export function consumerConfig(mapping: KafkaMapping, options: ConsumerOptions): ConsumerConfig {
  const { sessionTimeoutMs, isolationLevel } = options;
  const fetchBytes = Math.max(FETCH_BYTES.minimum, mapping.batchSize * FETCH_BYTES.perRecord);
  return {
    groupId: mapping.consumerGroupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(
      MIN_REBALANCE_TIMEOUT_MS,
      (mapping.function.timeoutSeconds + REBALANCE_GRACE_SECONDS) * 1_000,
    ),
    heartbeatInterval: Math.min(MAX_HEARTBEAT_INTERVAL_MS, sessionTimeoutMs / 3),
    maxBytesPerPartition: Math.min(FETCH_BYTES.maximum, fetchBytes),
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    readUncommitted: isolationLevel === 'read_uncommitted',
    retry: { ...retry, restartOnFailure: async () => false },
  };
}
