import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../core/errors.ts';
import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import { Batching } from './batching.ts';
import { type ProduceClient, TransientKafkaError } from './produce-client.ts';
import { ProduceDispatcher } from './produce-dispatcher.ts';
import { TopicLeaders } from './topic-leaders.ts';

export interface SessionTiming {
  /**
   * How long Kafka may go without acknowledging anything while records wait. A smaller value gives up on a broker that
   * would have restarted in time; a larger one takes more of an invocation's time.
   */
  readonly stallTimeoutMs: number;
  /** Pause before a retry: gives a cluster time to elect leaders, and is short beside the second that a change may take. */
  readonly retryDelayMs: number;
}

interface Call {
  readonly settled: Promise<unknown>;
  readonly reject: (error: Error) => void;
}

interface Topic {
  readonly leaders: TopicLeaders;
  readonly batching: Batching;
}

/**
 * One idempotent producer, from its connection to its first failure. It cannot be used after that, because it is unknown
 * which batches the brokers have written, and so which sequence number they expect next.
 */
export class ProducerSession {
  readonly #timing: SessionTiming;
  readonly #onFailure: () => void;
  readonly #client: Promise<ProduceClient>;
  readonly #opened: Promise<{ client: ProduceClient; dispatcher: ProduceDispatcher }>;
  readonly #topics = new Map<string, Topic>();
  readonly #calls = new Set<Call>();
  /** Settles when all calls so far have queued their batches, because a later call must not overtake an earlier one. */
  #intake: Promise<unknown> = Promise.resolve();
  #dispatcher: ProduceDispatcher | undefined;
  #failure: Error | undefined;
  #lastProblem: Error | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(createClient: () => Promise<ProduceClient>, timing: SessionTiming, onFailure: () => void) {
    this.#timing = timing;
    this.#onFailure = onFailure;
    this.#client = createClient();
    this.#opened = this.#open();
    // Avoid an unhandled rejection. The calls report the error.
    this.#opened.catch(() => {});
  }

  async connect(): Promise<void> {
    await this.#call(async () => void (await this.#opened));
  }

  /** As `RecordPublisher.publish`. The first failure fails all calls under way. */
  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]> {
    return this.#call(async () => {
      const queued = this.#intake.then(async () => ({ written: await this.#enqueue(topic, records) }));
      this.#intake = queued.catch(() => {});
      return (await queued).written();
    });
  }

  /** Waits for the calls under way, then disconnects. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#calls].map(({ settled }) => settled));
    await this.#opened.catch(() => {});
    await this.#disconnect();
  }

  async #open(): Promise<{ client: ProduceClient; dispatcher: ProduceDispatcher }> {
    const client = await this.#client;
    await this.#repeat(() => client.open());
    const dispatcher = new ProduceDispatcher(client, this.#timing.retryDelayMs, {
      onWritten: () => {
        this.#lastProblem = undefined;
        this.#watch();
      },
      onRetry: (error) => {
        this.#lastProblem = error;
      },
      onFailure: (error) => this.#fail(error),
    });
    this.#dispatcher = dispatcher;
    return { client, dispatcher };
  }

  /** Queues the records; the function that it returns waits until they are written. */
  async #enqueue(topicName: string, records: readonly OutgoingRecord[]): Promise<() => Promise<PartitionOffsets[]>> {
    const { client, dispatcher } = await this.#opened;
    const { leaders, batching } = this.#topic(client, topicName);
    const atLeast = records.reduce((count, { partition = 0 }) => Math.max(count, partition + 1), 0);
    const partitionCount = await this.#repeat(() => leaders.partitionCount(atLeast));
    const written = dispatcher.send(batching.divide(records, partitionCount), leaders);
    return () => written;
  }

  #topic(client: ProduceClient, name: string): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    // A random first turn spreads the records of many short-lived publishers.
    const topic = { leaders: new TopicLeaders(client, name), batching: new Batching(name, randomInt(1_000)) };
    this.#topics.set(name, topic);
    return topic;
  }

  async #repeat<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof TransientKafkaError)) throw error;
        this.#lastProblem = error;
        await sleep(this.#timing.retryDelayMs);
      }
    }
  }

  /** Waits for the work or for the failure of this session, whichever is first. */
  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise: settled, resolve, reject } = Promise.withResolvers<Result>();
    const call = { settled, reject };
    this.#calls.add(call);
    if (this.#calls.size === 1) this.#watch();
    work().then(resolve, (error) => this.#fail(error));
    try {
      return await settled;
    } finally {
      this.#calls.delete(call);
      if (this.#calls.size === 0) clearTimeout(this.#stallTimer);
    }
  }

  /** Starts the stall timeout, or starts it again. */
  #watch(): void {
    clearTimeout(this.#stallTimer);
    if (this.#failure !== undefined || this.#calls.size === 0) return;
    this.#stallTimer = setTimeout(() => this.#fail(this.#stalled()), this.#timing.stallTimeoutMs);
  }

  #stalled(): PipelineError {
    const cause = this.#lastProblem;
    const problem = cause === undefined ? '' : `; the last attempt failed: ${cause.message}`;
    return new PipelineError(
      'PIPE_KAFKA_STALLED',
      `expected an acknowledgement from Kafka within ${this.#timing.stallTimeoutMs / 1000} s, got none${problem}. ` +
        'Check that the brokers answer.',
      { retry: 'timed', cause },
    );
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#stallTimer);
    this.#onFailure();
    this.#dispatcher?.stop(error);
    for (const { reject } of this.#calls) reject(error);
    this.#disconnect().catch(() => {});
  }

  async #disconnect(): Promise<void> {
    await (await this.#client).close();
  }
}
