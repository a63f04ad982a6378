import { Admin, ConnectionPool, fetchV13 } from '@platformatic/kafka';
import { type KafkaSettings, requestSettings } from './kafka-client.ts';
import { attempt, connectionOptions, ignoreLaterErrors, shuffled } from './kafka-requests.ts';
import { isUnknownTopic, missingTopic } from './missing-topic.ts';

const READ_COMMITTED = 1;
/** A fetch request without a session, which the broker forgets with its response. */
const NO_SESSION = { id: 0, epoch: -1 };
const UNKNOWN_EPOCH = -1;
/** How long a broker waits for records at the end of a partition. */
const FETCH_WAIT_MS = 100;
const MIN_BYTES = 1;
const FETCH_BYTES = 1024 * 1024;

const REQUEST_TIMEOUT_MS = 4_000;
const RETRIES = 2;

type Address = Parameters<ConnectionPool['get']>[0];

/** Joins no consumer group. Connects on first use. */
export function createReadingClient(settings: KafkaSettings): { admin: Admin; connections: ConnectionPool } {
  const connection = { ...connectionOptions(requestSettings(settings)), requestTimeout: REQUEST_TIMEOUT_MS };
  const admin = new Admin({
    ...connection,
    clientId: settings.clientId,
    bootstrapBrokers: shuffled(settings.brokers),
    retries: RETRIES,
    retryDelay: 100,
    autocreateTopics: false,
  });
  const connections = new ConnectionPool(settings.clientId, connection);
  ignoreLaterErrors(admin.connections);
  ignoreLaterErrors(connections);
  return { admin, connections };
}

export async function readTopicMetadata(admin: Admin, name: string) {
  // Without this the library keeps the id of the first cluster that it has met.
  admin.clearMetadata();
  try {
    const { id, topics, brokers } = await attempt(admin.metadata({ topics: [name], forceUpdate: true }));
    const topic = topics.get(name);
    if (topic === undefined) throw missingTopic(name);
    const leaders = topic.partitions.map(({ leader }) => brokers.get(leader));
    return { clusterId: id, topicId: topic.id, partitionCount: topic.partitionsCount, leaders };
  } catch (error) {
    throw isUnknownTopic(error) ? missingTopic(name, error) : error;
  }
}

export function leaderOf(leaders: readonly (Address | undefined)[], topic: string, partition: number): Address {
  const leader = leaders[partition];
  if (leader === undefined) throw new Error(`expected partition ${partition} of ${topic} to have a leader, got none`);
  return leader;
}

type FetchedPartition = Pick<
  fetchV13.FetchResponse['responses'][number]['partitions'][number],
  'records' | 'abortedTransactions' | 'highWatermark'
>;

interface FetchRequest {
  readonly topicId: string;
  readonly partition: number;
  readonly fetchOffset: bigint;
  /** The response is not larger unless its first batch is. */
  readonly maxBytes?: number;
}

/** Reads the committed batches from an offset on; the first one may begin before it. At least one, if there is one. */
export async function fetchPartition(
  connections: ConnectionPool,
  leader: Address,
  { topicId, partition, fetchOffset, maxBytes = FETCH_BYTES }: FetchRequest,
): Promise<Partial<FetchedPartition>> {
  const connection = await attempt(connections.get(leader));
  const request = { partition, fetchOffset, partitionMaxBytes: maxBytes };
  const epochs = { currentLeaderEpoch: UNKNOWN_EPOCH, lastFetchedEpoch: UNKNOWN_EPOCH };
  const topics = [{ topicId, partitions: [{ ...request, ...epochs }] }];
  const { responses } = (await attempt(
    fetchV13.api.async(
      ...([connection, FETCH_WAIT_MS, MIN_BYTES, maxBytes, READ_COMMITTED] as const),
      ...([NO_SESSION.id, NO_SESSION.epoch, topics, [], ''] as [number, number, typeof topics, [], string]),
    ),
  )) as fetchV13.FetchResponse;
  return responses[0]?.partitions[0] ?? {};
}
