import { randomInt } from 'node:crypto';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import type { OutgoingRecord } from '../../core/kafka-record.ts';
import { RecordBatch } from './record-batch.ts';

/** Brokers refuse a batch beyond 1 MiB (`max.message.bytes`); what a batch adds to its keys and values stays below the rest. */
const MAX_BATCH_BYTES = 900_000;
/** More than a record adds to its key and value. */
const RECORD_OVERHEAD_BYTES = 24;

/**
 * Divides the records for one topic into batches: those with a key go where Kafka's own clients send that key, those
 * without stay together and the next such batch goes to the next partition.
 */
export class Partitioning {
  readonly #partitionOfKey = Partitioners.DefaultPartitioner();
  readonly #topic: string;
  readonly #partitions: PartitionMetadata[];
  #turn: number;

  constructor(topic: string, partitions: PartitionMetadata[]) {
    this.#topic = topic;
    this.#partitions = partitions;
    this.#turn = randomInt(partitions.length);
  }

  /** The order of the records of one partition is kept. */
  divide(records: readonly OutgoingRecord[], isAbandoned: () => boolean): RecordBatch[] {
    const batches: RecordBatch[] = [];
    const open = new Map<number | 'any', { batch: RecordBatch; bytes: number }>();
    for (const record of records) {
      const bytes = byteLength(record.key) + byteLength(record.value) + RECORD_OVERHEAD_BYTES;
      const target = record.partition ?? (record.key === null ? 'any' : this.#byKey(record.key));
      let current = open.get(target);
      if (current === undefined || current.bytes + bytes > MAX_BATCH_BYTES) {
        const batch = new RecordBatch(target === 'any' ? this.#nextInTurn() : target, isAbandoned);
        batches.push(batch);
        current = { batch, bytes: 0 };
        open.set(target, current);
      }
      current.batch.push(record);
      current.bytes += bytes;
    }
    return batches;
  }

  #byKey(key: string | Buffer): number {
    return this.#partitionOfKey({
      topic: this.#topic,
      partitionMetadata: this.#partitions,
      message: { key, value: null },
    });
  }

  #nextInTurn(): number {
    this.#turn = (this.#turn + 1) % this.#partitions.length;
    return this.#turn;
  }
}

function byteLength(bytes: string | Buffer | null): number {
  if (bytes === null) return 0;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}
