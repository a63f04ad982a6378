import type { Kafka, PartitionMetadata, Producer } from 'kafkajs';
import { PipelineError } from '../../core/errors.ts';
import type { OutgoingRecord } from '../../core/kafka-record.ts';
import { Partitioning } from './partitioning.ts';
import type { RecordBatch } from './record-batch.ts';

/** Partitions may be added to a topic; Kafka's own clients look as often. */
const PARTITIONS_MAX_AGE_MS = 5 * 60_000;

/**
 * One idempotent producer, from its connection to its first failure, after which it is of no further use: whether the
 * broker holds what was sent last is unknown, and so is the sequence number that it expects next.
 *
 * Batches for one partition are sent one at a time. kafkajs takes a sequence number back when an attempt fails; were
 * another batch under way, it would take over that number, and the broker would drop it as a duplicate of the first.
 * A request carries one partition only: when one of several fails and its leader has moved to a broker that has
 * answered already, kafkajs takes that answer for this partition's.
 */
export class ProducerSession {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #stallTimeoutMs: number;
  readonly #onFailure: () => void;
  readonly #connected: Promise<void>;
  readonly #partitionings = new Map<string, { partitioning: Promise<Partitioning>; until: number }>();
  /** The last batch for each partition: the next follows when it is acknowledged. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waiting = new Set<(error: Error) => void>();
  #intake: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(kafka: Kafka, stallTimeoutMs: number, onFailure: () => void) {
    this.#kafka = kafka;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#onFailure = onFailure;
    this.#producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // The stall timeout ends the attempts, not their number.
      retry: { retries: Number.MAX_SAFE_INTEGER },
    });
    this.#connected = this.#producer.connect();
    // Whoever publishes gets to see it.
    this.#connected.catch(() => {});
  }

  async connect(): Promise<void> {
    await this.#guard(this.#connected);
  }

  /** Resolves when all in-sync replicas have acknowledged all records. The first failure fails whatever is under way. */
  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    await this.#guard(this.#publish(topic, records));
  }

  /** Waits for what is under way, then disconnects. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#connected, this.#intake]);
    await Promise.allSettled(this.#tails.values());
    await this.#producer.disconnect();
  }

  async #publish(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    // One after the other, as a later call must not overtake one that still waits for the topic's partitions.
    const enqueued = this.#intake.then(async () => {
      await this.#connected;
      const partitioning = await this.#partitioning(topic);
      return partitioning
        .divide(records, () => this.#failure !== undefined)
        .map((batch) => this.#enqueue(topic, batch));
    });
    this.#intake = enqueued.catch(() => {});
    await Promise.all(await enqueued);
  }

  #enqueue(topic: string, batch: RecordBatch): Promise<void> {
    const name = `${topic}/${batch.partition}`;
    const tail = this.#tails.get(name) ?? Promise.resolve();
    const sent = tail.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#producer.send({ topic, acks: -1, messages: batch });
      this.#watch();
    });
    this.#tails.set(name, sent);
    return sent;
  }

  async #partitioning(topic: string): Promise<Partitioning> {
    const known = this.#partitionings.get(topic);
    if (known !== undefined && Date.now() < known.until) return known.partitioning;
    const partitioning = readPartitions(this.#kafka, topic).then((partitions) => new Partitioning(topic, partitions));
    this.#partitionings.set(topic, { partitioning, until: Date.now() + PARTITIONS_MAX_AGE_MS });
    return partitioning;
  }

  /** Waits for the work or for the end of this session, whichever is first. */
  async #guard(work: Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(reject);
    if (this.#waiting.size === 1) this.#watch();
    work.then(resolve, (error) => this.#fail(error));
    try {
      await promise;
    } finally {
      this.#waiting.delete(reject);
      if (this.#waiting.size === 0) clearTimeout(this.#stallTimer);
    }
  }

  /** Begins to wait, or waits anew, for the next sign of life. */
  #watch(): void {
    clearTimeout(this.#stallTimer);
    if (this.#failure !== undefined || this.#waiting.size === 0) return;
    this.#stallTimer = setTimeout(() => this.#fail(stalled(this.#stallTimeoutMs)), this.#stallTimeoutMs);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#stallTimer);
    this.#onFailure();
    for (const reject of this.#waiting) reject(error);
    // What is still under way ends by itself within the client's request timeout, and only then can be disconnected.
    this.close().catch(() => {});
  }
}

function stalled(timeoutMs: number): PipelineError {
  return new PipelineError(
    'PIPE_KAFKA_STALLED',
    `expected an acknowledgement from Kafka within ${timeoutMs / 1000} s, none came: look whether its brokers answer`,
    { retry: 'timed' },
  );
}

async function readPartitions(kafka: Kafka, topic: string): Promise<PartitionMetadata[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions ?? [];
  } finally {
    await admin.disconnect();
  }
}
