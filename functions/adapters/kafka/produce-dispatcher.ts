import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import {
  type BatchOutcome,
  type Broker,
  type ProduceClient,
  type RecordBatch,
  type SequencedBatch,
  TransientKafkaError,
} from './produce-client.ts';
import type { TopicLeaders } from './topic-leaders.ts';

/** Brokers close the connection on a request above 100 MiB. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
/** Sequence numbers have 31 bits: after the greatest one they continue at 0. */
const SEQUENCES = 2 ** 31;

interface QueuedBatch extends SequencedBatch {
  readonly resolve: (offsets: PartitionOffsets | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The batches of one partition, in order. Only the first one may be in a request. */
interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly leaders: TopicLeaders;
  readonly waiting: QueuedBatch[];
  nextSequence: number;
  /** Its first batch is in a request, or waits for the next attempt. */
  isBusy: boolean;
}

export interface DispatchEvents {
  /** All in-sync replicas have written a batch. */
  readonly onWritten: () => void;
  /** An attempt has failed and will be repeated. */
  readonly onRetry: (error: Error) => void;
  /** A batch cannot be written. Nothing more can be sent, because the sequence of its partition would have a gap. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Decides which batches go into which request: one request at a time to each broker, with the first batch of every
 * partition that it leads.
 *
 * A batch keeps its sequence number until it is written, and the next batch of its partition waits for that. Therefore a
 * batch can be sent again, to the broker that leads the partition by then, and is written once and in order.
 */
export class ProduceDispatcher {
  readonly #client: ProduceClient;
  readonly #retryDelayMs: number;
  readonly #events: DispatchEvents;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #busyBrokers = new Set<number>();
  #stopped: Error | undefined;

  constructor(client: ProduceClient, retryDelayMs: number, events: DispatchEvents) {
    this.#client = client;
    this.#retryDelayMs = retryDelayMs;
    this.#events = events;
  }

  /**
   * Resolves when all batches are written, with their offsets as far as they are known. Batches of one partition are
   * written in the given order.
   */
  async send(batches: readonly RecordBatch[], leaders: TopicLeaders): Promise<PartitionOffsets[]> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const written = batches.map((batch) => this.#enqueue(batch, leaders));
    this.#dispatch();
    return (await Promise.all(written)).filter((offsets) => offsets !== undefined);
  }

  /** Gives up all batches that are not written. Those of a request under way may still be written. */
  stop(error: Error): void {
    this.#stopped ??= error;
    for (const { waiting } of this.#queues.values()) {
      for (const { reject } of waiting.splice(0)) reject(error);
    }
  }

  #enqueue(batch: RecordBatch, leaders: TopicLeaders): Promise<PartitionOffsets | undefined> {
    const queue = this.#queueOf(batch, leaders);
    const { promise, resolve, reject } = Promise.withResolvers<PartitionOffsets | undefined>();
    queue.waiting.push({ ...batch, firstSequence: queue.nextSequence, resolve, reject });
    queue.nextSequence = sequenceAfter(queue.nextSequence, batch.records.length);
    return promise;
  }

  #queueOf({ topic, partition }: RecordBatch, leaders: TopicLeaders): PartitionQueue {
    const name = `${topic}/${partition}`;
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = { topic, partition, leaders, waiting: [], nextSequence: 0, isBusy: false };
    this.#queues.set(name, queue);
    return queue;
  }

  #dispatch(): void {
    if (this.#stopped !== undefined) return;
    const requests = new Map<number, { leader: Broker; queues: PartitionQueue[]; bytes: number }>();
    for (const queue of this.#queues.values()) {
      const first = queue.waiting[0];
      if (first === undefined || queue.isBusy) continue;
      const leader = queue.leaders.leaderOf(queue.partition);
      if (leader === undefined) {
        this.#retry([queue], new TransientKafkaError(`partition ${queue.partition} of ${queue.topic} has no leader`));
        continue;
      }
      if (this.#busyBrokers.has(leader.id)) continue;
      const request = requests.get(leader.id) ?? { leader, queues: [], bytes: 0 };
      if (request.bytes > 0 && request.bytes + first.bytes > MAX_REQUEST_BYTES) continue;
      requests.set(leader.id, request);
      request.queues.push(queue);
      request.bytes += first.bytes;
    }
    for (const { leader, queues } of requests.values()) void this.#request(leader, queues);
  }

  async #request(leader: Broker, queues: readonly PartitionQueue[]): Promise<void> {
    this.#busyBrokers.add(leader.id);
    for (const queue of queues) queue.isBusy = true;
    try {
      const batches = queues.map(({ waiting }) => waiting[0] as QueuedBatch);
      const outcomes = await this.#client.produce(leader, batches);
      if (this.#stopped !== undefined) return;
      queues.forEach((queue, index) => {
        this.#settle(queue, outcomes[index] as BatchOutcome);
      });
    } catch (error) {
      if (error instanceof TransientKafkaError) this.#retry(queues, error);
      else this.#events.onFailure(error as Error);
    }
    this.#busyBrokers.delete(leader.id);
    this.#dispatch();
  }

  #settle(queue: PartitionQueue, outcome: BatchOutcome): void {
    if (outcome instanceof TransientKafkaError) {
      this.#retry([queue], outcome);
    } else if (outcome instanceof Error) {
      this.#events.onFailure(outcome);
    } else {
      queue.isBusy = false;
      const batch = queue.waiting.shift();
      batch?.resolve(outcome === 'written' ? undefined : writtenOffsets(batch, outcome));
      this.#events.onWritten();
    }
  }

  /** Sends the first batches of the queues again, after a pause, to the brokers that lead the partitions by then. */
  #retry(queues: readonly PartitionQueue[], reason: TransientKafkaError): void {
    for (const queue of queues) queue.isBusy = true;
    this.#events.onRetry(reason);
    void this.#refreshLeaders(new Set(queues.map(({ leaders }) => leaders))).then(() => {
      for (const queue of queues) queue.isBusy = false;
      this.#dispatch();
    }, this.#events.onFailure);
  }

  async #refreshLeaders(topics: ReadonlySet<TopicLeaders>): Promise<void> {
    while (this.#stopped === undefined) {
      await sleep(this.#retryDelayMs);
      try {
        await Promise.all([...topics].map((leaders) => leaders.refresh()));
        return;
      } catch (error) {
        if (!(error instanceof TransientKafkaError)) throw error;
        this.#events.onRetry(error);
      }
    }
  }
}

function writtenOffsets({ topic, partition, records }: RecordBatch, first: bigint): PartitionOffsets {
  return { topic, partition, first, next: first + BigInt(records.length) };
}

export function sequenceAfter(sequence: number, recordCount: number): number {
  return (sequence + recordCount) % SEQUENCES;
}
