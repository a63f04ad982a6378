import { ConnectionPool, NumericMap, Producer, ProtocolError, produceV9, ResponseError } from '@platformatic/kafka';
import { attempt, type BrokerConnection, connectionOptions, ignoreLaterErrors, shuffled } from './kafka-requests.ts';
import { isUnknownTopic, missingTopic } from './missing-topic.ts';
import {
  type BatchOutcome,
  type Broker,
  type PartitionLeaders,
  type ProduceClient,
  type SequencedBatch,
  TransientKafkaError,
} from './produce-client.ts';

interface KafkaProduceClientOptions extends BrokerConnection {
  readonly clientId: string;
  readonly brokers: readonly string[];
  /** Default: 4 s, so that another broker can still answer within the publisher's stall timeout when the first one hangs. */
  readonly lookupTimeoutMs?: number;
}

type ProduceResponse = Exclude<Awaited<ReturnType<typeof produceV9.api.async>>, boolean>;

const ALL_IN_SYNC_REPLICAS = -1;
/** How long a broker waits for its replicas before it responds that they are late. */
const ACKNOWLEDGE_TIMEOUT_MS = 5_000;
/** Twice as long as a broker waits for its replicas, so that only a broker that hangs exceeds it. */
const PRODUCE_TIMEOUT_MS = 10_000;
const DEFAULT_LOOKUP_TIMEOUT_MS = 4_000;
const LOOKUP_RETRIES = 2;

/**
 * Speaks to the brokers through @platformatic/kafka.
 *
 * It uses that library's connections, sign-in, metadata, producer registration and encoding, but not `Producer.send`:
 * once the partitions of one request have leaders on different brokers, `send` retries the whole request on the leader of
 * the first partition. That broker refuses the other partitions for ever, so the publisher would time out.
 */
export class KafkaProduceClient implements ProduceClient {
  readonly #lookup: Producer;
  readonly #connections: ConnectionPool;
  #producer: { producerId: bigint; producerEpoch: number } | undefined;

  constructor({
    clientId,
    brokers,
    lookupTimeoutMs = DEFAULT_LOOKUP_TIMEOUT_MS,
    ...settings
  }: KafkaProduceClientOptions) {
    const connection = connectionOptions(settings);
    this.#lookup = new Producer({
      ...connection,
      clientId,
      // In any order, so that a broker that hangs is not the first choice of every new producer.
      bootstrapBrokers: shuffled(brokers),
      requestTimeout: lookupTimeoutMs,
      // Each retry asks another broker, of the bootstrap brokers or of those found since.
      retries: LOOKUP_RETRIES,
      retryDelay: 0,
    });
    this.#connections = new ConnectionPool(clientId, { ...connection, requestTimeout: PRODUCE_TIMEOUT_MS });
    ignoreLaterErrors(this.#lookup.connections);
    ignoreLaterErrors(this.#connections);
  }

  async open(): Promise<void> {
    this.#producer = await attempt(this.#lookup.initIdempotentProducer({}));
  }

  async readLeaders(topic: string): Promise<PartitionLeaders> {
    const { topics, brokers } = await attempt(this.#lookup.metadata({ topics: [topic], forceUpdate: true })).catch(
      (error) => {
        throw isUnknownTopic(error) ? missingTopic(topic, error) : error;
      },
    );
    return (topics.get(topic)?.partitions ?? []).map(({ leader }) => {
      const address = brokers.get(leader);
      return address && { id: leader, host: address.host, port: address.port };
    });
  }

  async produce(leader: Broker, batches: readonly SequencedBatch[]): Promise<readonly BatchOutcome[]> {
    if (this.#producer === undefined) throw new Error('expected an open client');
    const sequences = new NumericMap();
    for (const { topic, partition, firstSequence } of batches) sequences.set(`${topic}:${partition}`, firstSequence);
    const options = { ...this.#producer, sequences };
    const records = batches.flatMap((batch) => batch.records) as Parameters<typeof produceV9.api>[3];
    const connection = await attempt(this.#connections.get(leader));
    const response = await attempt(
      produceV9.api.async(connection, ALL_IN_SYNC_REPLICAS, ACKNOWLEDGE_TIMEOUT_MS, records, options).catch(responseOf),
    );
    return batches.map((batch) => outcomeOf(batch, response as ProduceResponse));
  }

  async close(): Promise<void> {
    await Promise.all([this.#lookup.close(), this.#connections.close()]);
  }
}

/** The library throws the response when it reports an error for any partition. */
function responseOf(error: unknown): unknown {
  if (error instanceof ResponseError) return error['response'];
  throw error;
}

/** What an operator does about refusals that a setting of the topic causes. By the name of Kafka's error. */
const REMEDIES: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'reset max.message.bytes of the topic, whose default is 1048588',
  RECORD_LIST_TOO_LARGE: 'reset segment.bytes of the topic',
  INVALID_RECORD:
    'set cleanup.policy of the topic to delete, because a compacted topic accepts no record without a key',
  INVALID_TIMESTAMP: 'run npm run provision, which sets message.timestamp.type of the topic to LogAppendTime',
  NOT_ENOUGH_REPLICAS: 'start the missing brokers, or lower min.insync.replicas of the topic',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'start the missing brokers, or lower min.insync.replicas of the topic',
};

function outcomeOf({ topic, partition }: SequencedBatch, { responses }: ProduceResponse): BatchOutcome {
  const answer = responses
    .find(({ name }) => name === topic)
    ?.partitionResponses.find(({ index }) => index === partition);
  if (answer === undefined) return new Error(`expected a response for partition ${partition} of ${topic}, got none`);
  if (answer.errorCode === 0) return answer.baseOffset >= 0n ? answer.baseOffset : 'written';
  const error = new ProtocolError(answer.errorCode, answer.errorMessage);
  // The batch was written long ago, and the broker no longer knows its offset.
  if (error['apiId'] === 'DUPLICATE_SEQUENCE_NUMBER') return 'written';
  const remedy = REMEDIES[String(error['apiId'])];
  const message = `partition ${partition} of ${topic}: ${error.message}${remedy === undefined ? '' : ` To mend it, ${remedy}.`}`;
  return error['canRetry'] === true
    ? new TransientKafkaError(message, { cause: error })
    : new Error(message, { cause: error });
}
