import { PipelineError } from '../../functions/core/errors.ts';
import type { PartitionOffsets } from '../../functions/core/offset-range.ts';
import type { TopicState } from '../../functions/core/topic-state.ts';
import type { TopicInspector } from '../../functions/ports/topic-inspector.ts';

/** A record, or an offset at which consumers receive none. */
type Slot = 'record' | 'hidden';

interface StoredPartition {
  startOffset: number;
  readonly slots: Slot[];
}

interface StoredTopic {
  readonly id: string;
  readonly partitions: StoredPartition[];
}

/** Topics without the contents of their records. */
export class InMemoryTopics implements TopicInspector {
  clusterId = 'cluster';
  readonly #topics = new Map<string, StoredTopic>();
  readonly #committed = new Map<string, bigint>();
  #nextId = 1;

  createTopic(name: string, partitions: number): void {
    const topic = { id: `topic-${this.#nextId++}`, partitions: [] };
    this.#topics.set(name, topic);
    this.addPartitions(name, partitions);
  }

  /** Deletes the offsets of all groups, as a broker does. */
  deleteTopic(name: string): void {
    this.#topics.delete(name);
    for (const key of this.#committed.keys()) if (JSON.parse(key)[1] === name) this.#committed.delete(key);
  }

  /** @param count how many there are then. */
  addPartitions(name: string, count: number): void {
    const { partitions } = this.#find(name);
    while (partitions.length < count) partitions.push({ startOffset: 0, slots: [] });
  }

  /** @returns the offsets of the records. */
  write(name: string, partition: number, count: number, ending?: 'commit' | 'abort'): PartitionOffsets {
    const { slots } = this.#partition(name, partition);
    const first = BigInt(slots.length);
    slots.push(...Array<Slot>(count).fill(ending === 'abort' ? 'hidden' : 'record'));
    if (ending !== undefined) slots.push('hidden');
    return { topic: name, partition, first, next: first + BigInt(count) };
  }

  deleteRecords(name: string, partition: number, before: bigint): void {
    this.#partition(name, partition).startOffset = Number(before);
  }

  /** Loses the records from an offset on, as an unclean leader election does. */
  truncate(name: string, partition: number, to: bigint): void {
    this.#partition(name, partition).slots.length = Number(to);
  }

  commitOffset(group: string, topic: string, partition: number, offset: bigint): void {
    this.#committed.set(JSON.stringify([group, topic, partition]), offset);
  }

  async describe(name: string): Promise<TopicState> {
    return this.stateOf(name);
  }

  stateOf(name: string): TopicState {
    const { id, partitions } = this.#find(name);
    return {
      clusterId: this.clusterId,
      topicId: id,
      partitions: partitions.map(({ startOffset, slots }) => ({
        startOffset: BigInt(startOffset),
        endOffset: BigInt(slots.length),
      })),
    };
  }

  async committedOffsets(group: string, topic: string): Promise<readonly (bigint | null)[]> {
    return this.#find(topic).partitions.map(
      (_, partition) => this.#committed.get(JSON.stringify([group, topic, partition])) ?? null,
    );
  }

  async hasRecords({ topic, partition, first, next }: PartitionOffsets): Promise<boolean> {
    const { startOffset, slots } = this.#partition(topic, partition);
    if (first < startOffset) throw new Error(`offset ${first} of partition ${partition} of ${topic} is out of range`);
    return slots.slice(Number(first), Number(next)).includes('record');
  }

  #partition(topic: string, number: number): StoredPartition {
    const partition = this.#find(topic).partitions[number];
    if (partition === undefined) throw new Error(`topic ${topic} has no partition ${number}`);
    return partition;
  }

  #find(name: string): StoredTopic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new PipelineError('PIPE_TOPIC_MISSING', `expected topic ${name}, found none`, { retry: 'timed' });
  }
}
