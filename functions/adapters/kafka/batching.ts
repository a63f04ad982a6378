import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { RecordHeaders } from '../../core/record-headers.ts';
import { murmur2 } from './murmur2.ts';
import type { BatchRecord, RecordBatch } from './produce-client.ts';

/**
 * A broker refuses a batch above 1 MiB (`max.message.bytes`), of which 61 bytes are the batch's own. Larger batches
 * would not be faster.
 */
const MAX_BATCH_BYTES = 900_000;
/** The most that a record takes beside its key and value, for their lengths, its attributes, time and offset. */
const RECORD_OVERHEAD_BYTES = 24;
/** The most that the lengths of a header's name and value take. */
const HEADER_OVERHEAD_BYTES = 10;

/**
 * Divides the records of a call into batches, which keep the order of the records within a partition.
 *
 * A key decides the partition as in Kafka's Java client. Records without a key go to one partition together, and the
 * next batch of them to the next partition.
 */
export class Batching {
  readonly #topic: string;
  #turn: number;

  constructor(topic: string, firstTurn: number) {
    this.#topic = topic;
    this.#turn = firstTurn;
  }

  /** @throws when a record asks for a partition that the topic does not have. */
  divide(records: readonly OutgoingRecord[], partitionCount: number): RecordBatch[] {
    const timestamp = BigInt(Date.now());
    const batches: OpenBatch[] = [];
    const open = new Map<number | 'any', OpenBatch>();
    for (const record of records) {
      const key = toBuffer(record.key);
      const value = toBuffer(record.value);
      const headers = record.headers?.length ? toHeaderMap(record.headers) : undefined;
      const bytes = (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES + sizeOfHeaders(headers);
      const target = record.partition ?? (key === null ? 'any' : (murmur2(key) & 0x7fffffff) % partitionCount);
      let batch = open.get(target);
      if (batch === undefined || batch.bytes + bytes > MAX_BATCH_BYTES) {
        batch = this.#openBatch(target, partitionCount);
        batches.push(batch);
        open.set(target, batch);
      }
      batch.records.push({ topic: this.#topic, partition: batch.partition, key, value, headers, timestamp });
      batch.bytes += bytes;
    }
    return batches;
  }

  #openBatch(target: number | 'any', partitionCount: number): OpenBatch {
    const partition = target === 'any' ? this.#turn++ % partitionCount : target;
    if (partition < 0 || partition >= partitionCount) {
      throw new Error(`topic ${this.#topic} has no partition ${partition}: it has ${partitionCount}`);
    }
    return { topic: this.#topic, partition, records: [], bytes: 0 };
  }
}

interface OpenBatch extends RecordBatch {
  readonly records: BatchRecord[];
  bytes: number;
}

function toBuffer(bytes: string | Buffer | null): Buffer | null {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

function toHeaderMap(headers: RecordHeaders): Map<Buffer, Buffer> {
  return new Map(headers.map(([name, value]) => [Buffer.from(name), value]));
}

function sizeOfHeaders(headers: Map<Buffer, Buffer> | undefined): number {
  let bytes = 0;
  for (const [name, value] of headers ?? []) bytes += name.length + value.length + HEADER_OVERHEAD_BYTES;
  return bytes;
}
