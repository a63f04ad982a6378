import type { OutgoingRecord } from '../../functions/core/kafka-record.ts';
import type { RecordPublisher } from '../../functions/ports/record-publisher.ts';
import { eventually } from './eventually.ts';
import type { TopicRecord } from './topic-records.ts';

const RECORDS_OF_A_CALL = 30;

interface Call {
  readonly records: readonly (OutgoingRecord & { readonly value: string })[];
  /** Each attempt failed, except possibly the last one. */
  failures: number;
}

/** Callers that publish to all partitions of a topic at the same time, and repeat calls that fail, as functions do. */
export class PublishingLoad {
  readonly errors: Error[] = [];
  readonly #publisher: RecordPublisher;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #acknowledged: Call[] = [];
  /** The number of records so far, by partition; a record's value is its number. */
  readonly #counts: number[];
  readonly #callers: readonly Promise<void>[];
  #isStopping = false;

  constructor(publisher: RecordPublisher, options: { topic: string; partitions: number; callers: number }) {
    this.#publisher = publisher;
    this.#topic = options.topic;
    this.#partitions = options.partitions;
    this.#counts = Array(options.partitions).fill(0);
    this.#callers = Array.from({ length: options.callers }, () => this.#publish());
  }

  /** Resolves when calls have succeeded that began after this one. Each call has records for every partition. */
  async progress(): Promise<void> {
    // All calls that are under way now may succeed with what was sent before.
    const enough = this.#acknowledged.length + 2 * this.#callers.length;
    await eventually(() => this.#acknowledged.length >= enough, {
      withinMs: 180_000,
      what: 'further calls to be acknowledged',
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#callers);
  }

  /** What is wrong with the records on the topic: nothing, if the publisher keeps its contract. */
  findFaults(written: readonly TopicRecord[]): {
    readonly lost: string[];
    readonly twice: string[];
    readonly disorder: string[];
  } {
    const times = new Map<string, number>();
    for (const { partition, value } of written) {
      const name = `${partition}:${value}`;
      times.set(name, (times.get(name) ?? 0) + 1);
    }
    const names = (calls: readonly Call[]) => calls.flatMap(({ records }) => records.map(nameOf));
    const flawless = names(this.#acknowledged.filter(({ failures }) => failures === 0));
    return {
      lost: names(this.#acknowledged).filter((name) => !times.has(name)),
      // A call that failed may have written its records before it was repeated.
      twice: flawless.filter((name) => times.get(name) !== 1),
      disorder: disorderIn(written, new Set(flawless)),
    };
  }

  get acknowledgedCalls(): number {
    return this.#acknowledged.length;
  }

  async #publish(): Promise<void> {
    while (!this.#isStopping) {
      const call = { records: this.#nextRecords(), failures: 0 };
      for (let isDone = false; !isDone; ) {
        isDone = await this.#publisher.publish(this.#topic, call.records).then(
          () => true,
          (error: Error) => {
            this.errors.push(error);
            call.failures += 1;
            return false;
          },
        );
      }
      this.#acknowledged.push(call);
    }
  }

  #nextRecords(): Call['records'] {
    return Array.from({ length: RECORDS_OF_A_CALL }, (_, index) => {
      const partition = index % this.#partitions;
      const number = this.#counts[partition] as number;
      this.#counts[partition] = number + 1;
      return { key: null, value: String(number), partition };
    });
  }
}

function nameOf({ partition, value }: { readonly partition?: number; readonly value: string }): string {
  return `${partition}:${value}`;
}

/** Those of the given records that come after a later one of their partition. */
function disorderIn(written: readonly TopicRecord[], names: ReadonlySet<string>): string[] {
  const last = new Map<number, number>();
  return written.flatMap(({ partition, value }) => {
    const name = `${partition}:${value}`;
    if (!names.has(name)) return [];
    const previous = last.get(partition) ?? -1;
    last.set(partition, Math.max(previous, Number(value)));
    return Number(value) < previous ? [name] : [];
  });
}
