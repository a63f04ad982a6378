import type { KafkaRecord } from '../../functions/core/kafka-record.ts';
import type { RecordReader, VisitedRecord } from '../../functions/ports/record-reader.ts';
import type { InMemoryRecordPublisher } from './in-memory-record-publisher.ts';
import type { TopicRecord } from './topic-records.ts';

/** Reads what a publisher in memory has written. Offsets count from 0 in each partition. */
export class InMemoryRecordReader implements RecordReader {
  readonly #publisher: InMemoryRecordPublisher;
  /** By topic and partition, as `t/0`: the first offset that is left. */
  readonly startOffsets = new Map<string, bigint>();
  /** The number of offsets of each call. */
  readonly callSizes: number[] = [];

  constructor(publisher: InMemoryRecordPublisher) {
    this.#publisher = publisher;
  }

  async read(topic: string, partition: number, offsets: readonly bigint[]): Promise<readonly KafkaRecord[]> {
    this.callSizes.push(offsets.length);
    const records = this.#publisher.recordsOf(topic).filter((record) => record.partition === partition);
    const start = this.startOffsets.get(`${topic}/${partition}`) ?? 0n;
    return offsets.flatMap((offset) => {
      const record = offset < start ? undefined : records[Number(offset)];
      return record === undefined ? [] : [kafkaRecord(topic, offset, record)];
    });
  }

  async visit(
    topic: string,
    partition: number,
    offsets: readonly bigint[],
    visit: (record: VisitedRecord) => void,
  ): Promise<void> {
    for (const { offset, key, value } of await this.read(topic, partition, offsets)) {
      visit({ offset: BigInt(offset), key, value });
      key?.fill(0);
      value?.fill(0);
    }
  }
}

function kafkaRecord(topic: string, offset: bigint, { partition, key, value, headers }: TopicRecord): KafkaRecord {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  return {
    ...{ topic, partition, offset: String(offset), timestampMs: 0, key: bytes(key), value: bytes(value) },
    headers: Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(text)]),
  };
}
