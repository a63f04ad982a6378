import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BatchOutcome,
  type Broker,
  type PartitionLeaders,
  type ProduceClient,
  type SequencedBatch,
  TransientKafkaError,
} from '../../functions/adapters/kafka/produce-client.ts';
import { ProducerSession, type SessionTiming } from '../../functions/adapters/kafka/producer-session.ts';

/** Brokers remember this many batches of each producer in each partition, by which they recognise repetitions. */
const REMEMBERED_BATCHES = 5;

interface Partition {
  leader: number | undefined;
  /** What a broker that has not heard of the last move still reports. */
  formerLeader: number | undefined;
  readonly values: string[];
  /** First sequences of the last batches, by producer, with the sequence that follows. */
  readonly producers: Map<number, { first: number; next: number }[]>;
}

/** What happens to one request. `late`: it is lost for the client, and reaches the broker later. */
export type RequestFate = 'served' | 'request lost' | 'response lost' | 'late' | Error;

/** The part of a Kafka cluster that an idempotent producer meets: leaders that move, sequences, requests that fail. */
export class FakeKafkaCluster {
  /** Decides the fate of each request. */
  onProduce: (leader: Broker, batches: readonly SequencedBatch[]) => RequestFate = () => 'served';
  /** Whether the next look at the leaders shows those from before the last move. */
  readsStaleLeaders: () => boolean = () => false;
  /** Time that a request takes. */
  requestMs: () => number = () => 0;
  onOpen: () => void | Promise<void> = () => {};
  onReadLeaders: () => void | Promise<void> = () => {};
  /** The batches of each request, as `leader: topic/partition, topic/partition`. */
  readonly requests: string[] = [];
  closedClients = 0;
  sessionFailures = 0;
  readonly #brokers: readonly Broker[];
  readonly #topics = new Map<string, Partition[]>();
  readonly #late = new Set<Promise<void>>();
  #producers = 0;

  constructor(brokers: number) {
    this.#brokers = Array.from({ length: brokers }, (_, index) => ({ id: index + 1, host: 'broker', port: index + 1 }));
  }

  createTopic(topic: string, partitions: number): void {
    this.#topics.set(topic, []);
    for (let count = 0; count < partitions; count += 1) this.addPartition(topic);
  }

  addPartition(topic: string): void {
    const partitions = this.#topics.get(topic) as Partition[];
    const leader = (partitions.length % this.#brokers.length) + 1;
    partitions.push({ leader, formerLeader: leader, values: [], producers: new Map() });
  }

  moveLeader(topic: string, partition: number, leader: number | undefined): void {
    const moved = this.#partition(topic, partition);
    moved.formerLeader = moved.leader;
    moved.leader = leader;
  }

  valuesOf(topic: string, partition: number): readonly string[] {
    return this.#partition(topic, partition).values;
  }

  /** Resolves when the requests that are late have reached their broker. */
  async settled(): Promise<void> {
    while (this.#late.size > 0) await Promise.all(this.#late);
  }

  async createClient(): Promise<ProduceClient> {
    const producer = ++this.#producers;
    return {
      open: async () => this.onOpen(),
      readLeaders: async (topic) => {
        await this.onReadLeaders();
        return this.#leadersOf(topic);
      },
      produce: (leader, batches) => this.#produce(producer, leader, batches),
      close: async () => {
        this.closedClients += 1;
      },
    };
  }

  #partition(topic: string, partition: number): Partition {
    const found = this.#topics.get(topic)?.[partition];
    if (found === undefined) throw new Error(`Unknown topic ${topic}.`);
    return found;
  }

  #leadersOf(topic: string): PartitionLeaders {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new Error(`Unknown topic ${topic}.`);
    const isStale = this.readsStaleLeaders();
    return partitions.map(({ leader, formerLeader }) => {
      const id = isStale ? formerLeader : leader;
      return this.#brokers.find((broker) => broker.id === id);
    });
  }

  async #produce(
    producer: number,
    leader: Broker,
    batches: readonly SequencedBatch[],
  ): Promise<readonly BatchOutcome[]> {
    this.requests.push(`${leader.id}: ${batches.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')}`);
    const fate = this.onProduce(leader, batches);
    await sleep(this.requestMs());
    if (fate instanceof Error) throw fate;
    if (fate === 'request lost') throw new TransientKafkaError('connection closed');
    if (fate === 'late') {
      const late = sleep(this.requestMs() * 3).then(() => void this.#write(producer, leader, batches));
      this.#late.add(late);
      void late.finally(() => this.#late.delete(late));
      throw new TransientKafkaError('request timed out');
    }
    const outcomes = this.#write(producer, leader, batches);
    if (fate === 'response lost') throw new TransientKafkaError('connection closed');
    return outcomes;
  }

  #write(producer: number, leader: Broker, batches: readonly SequencedBatch[]): BatchOutcome[] {
    return batches.map(({ topic, partition, records, firstSequence }) => {
      const target = this.#partition(topic, partition);
      if (target.leader !== leader.id) return new TransientKafkaError('not the leader');
      const known = target.producers.get(producer) ?? [];
      if (known.some(({ first }) => first === firstSequence)) return 'written';
      if (firstSequence !== (known.at(-1)?.next ?? 0)) return new Error('out of order sequence number');
      const offset = BigInt(target.values.length);
      target.values.push(...records.map(({ value }) => String(value)));
      known.push({ first: firstSequence, next: firstSequence + records.length });
      target.producers.set(producer, known.slice(-REMEMBERED_BATCHES));
      return offset;
    });
  }
}

/** A session that repeats at once and, unless it is told otherwise, does not time out in a test. */
export function openSession(cluster: FakeKafkaCluster, timing: Partial<SessionTiming> = {}): ProducerSession {
  return new ProducerSession(
    () => cluster.createClient(),
    { stallTimeoutMs: 60_000, retryDelayMs: 1, ...timing },
    () => {
      cluster.sessionFailures += 1;
    },
  );
}

/** Records without a key for one partition. */
export function recordsFor(partition: number, ...values: string[]) {
  return values.map((value) => ({ key: null, value, partition }));
}
