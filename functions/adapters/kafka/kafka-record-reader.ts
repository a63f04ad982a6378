import { type Admin, type ConnectionPool, findErrorBy } from '@platformatic/kafka';
import { PipelineError } from '../../core/errors.ts';
import type { KafkaRecord } from '../../core/kafka-record.ts';
import type { RecordReader, VisitedRecord } from '../../ports/record-reader.ts';
import { consumableRecords } from './consumable-records.ts';
import type { KafkaSettings } from './kafka-client.ts';
import { attempt } from './kafka-requests.ts';
import { createReadingClient, fetchPartition, leaderOf, readTopicMetadata } from './partition-fetch.ts';

type FetchedBatch = NonNullable<Awaited<ReturnType<typeof fetchPartition>>['records']>[number];
type Visit = (found: { offset: bigint; record: FetchedBatch['records'][number]; batch: FetchedBatch }) => void;
type TopicMetadata = Awaited<ReturnType<typeof readTopicMetadata>>;

/** The bit of a batch's attributes that says that the broker has set the time of its records. */
const HAS_BROKER_TIME = 1 << 3;
const EARLIEST = -2n;
/** The library decodes a response at once, into about six times its size. Smaller: more requests. Larger: more memory. */
const RECORD_FETCH_BYTES = 256 * 1024;

/** Fetches from the partition's leader, at most 256 KiB a request. Connects on first use. */
export class KafkaRecordReader implements RecordReader {
  readonly #admin: Admin;
  readonly #connections: ConnectionPool;
  readonly #topics = new Map<string, TopicMetadata>();

  constructor(settings: KafkaSettings) {
    ({ admin: this.#admin, connections: this.#connections } = createReadingClient(settings));
  }

  async read(topic: string, partition: number, offsets: readonly bigint[]): Promise<readonly KafkaRecord[]> {
    const found = new Map<bigint, KafkaRecord>();
    await this.#visit(topic, partition, offsets, ({ offset, record, batch }) => {
      const hasBrokerTime = (batch.attributes & HAS_BROKER_TIME) !== 0;
      const timestamp = hasBrokerTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta;
      found.set(offset, {
        ...{ topic, partition, offset: String(offset), timestampMs: Number(timestamp) },
        // Copied, because otherwise one record would keep the whole response in memory.
        ...{ key: copy(record.key), value: copy(record.value) },
        headers: [...record.headers].map(([name, value]) => [String(name ?? ''), Buffer.from(value ?? '')]),
      });
    });
    return [...found.values()];
  }

  async visit(
    topic: string,
    partition: number,
    offsets: readonly bigint[],
    visit: (record: VisitedRecord) => void,
  ): Promise<void> {
    await this.#visit(topic, partition, offsets, ({ offset, record: { key, value } }) => visit({ offset, key, value }));
  }

  async disconnect(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#connections.close()]);
  }

  async #visit(topic: string, partition: number, offsets: readonly bigint[], visit: Visit): Promise<void> {
    if (offsets.length === 0) return;
    try {
      await this.#visitOnce(topic, partition, offsets, visit);
    } catch (error) {
      // The leader may have changed, or the topic may be another one of the same name.
      const wasKnown = this.#topics.delete(topic);
      if (error instanceof PipelineError || !wasKnown) throw error;
      await this.#visitOnce(topic, partition, offsets, visit);
    }
  }

  async #visitOnce(topic: string, partition: number, offsets: readonly bigint[], visit: Visit): Promise<void> {
    const metadata = this.#topics.get(topic) ?? (await readTopicMetadata(this.#admin, topic));
    this.#topics.set(topic, metadata);
    if (partition >= metadata.partitionCount) return;
    const leader = leaderOf(metadata.leaders, topic, partition);
    let index = 0;
    while (index < offsets.length) {
      const first = offsets[index] as bigint;
      const request = { topicId: metadata.topicId, partition, fetchOffset: first, maxBytes: RECORD_FETCH_BYTES };
      const fetched = await fetchPartition(this.#connections, leader, request).catch((error) => {
        if (!findErrorBy(error, 'apiId', 'OFFSET_OUT_OF_RANGE')) throw error;
      });
      const last = fetched?.records?.at(-1);
      if (!fetched?.records || !last) {
        if (fetched?.highWatermark !== undefined && fetched.highWatermark > first)
          throw hidden(topic, partition, first);
        // At the end of the partition nothing follows; before its start, later records may still be there.
        const start = await this.#startOffset(topic, partition);
        if (first >= start) break;
        while (index < offsets.length && (offsets[index] as bigint) < start) index += 1;
        continue;
      }
      const next = last.firstOffset + BigInt(last.lastOffsetDelta) + 1n;
      const { records: batches, abortedTransactions } = fetched;
      for (const { offset, record, batch } of consumableRecords(batches, abortedTransactions ?? [], { first, next })) {
        while (index < offsets.length && (offsets[index] as bigint) < offset) index += 1;
        if (offsets[index] !== offset) continue;
        visit({ offset, record, batch });
        index += 1;
      }
      while (index < offsets.length && (offsets[index] as bigint) < next) index += 1;
    }
  }

  async #startOffset(topic: string, partition: number): Promise<bigint> {
    const partitions = [{ partitionIndex: partition, timestamp: EARLIEST }];
    const [listed] = await attempt(this.#admin.listOffsets({ topics: [{ name: topic, partitions }] }));
    return listed?.partitions[0]?.offset ?? 0n;
  }
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function hidden(topic: string, partition: number, offset: bigint): PipelineError {
  return new PipelineError(
    'PIPE_RECORD_HIDDEN',
    `expected the record at offset ${offset} of ${topic}, partition ${partition}, to be readable, but a transaction of ` +
      'another producer before it is not finished; end that transaction',
    { retry: 'timed', context: { topic, partition, offset: String(offset) } },
  );
}
