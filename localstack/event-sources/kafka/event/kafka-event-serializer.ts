import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { PolledRecord } from '../../model/polled-record.ts';

/** Lambda's limit of an invocation's payload. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** Serializes the event from records that are already JSON. */
export class KafkaEventSerializer {
  readonly #topic: string;
  readonly #head: string;
  readonly #headBytes: number;

  constructor({ topic, eventSourceArn, brokers }: Pick<KafkaMapping, 'topic' | 'eventSourceArn' | 'brokers'>) {
    const source =
      eventSourceArn === undefined
        ? '"eventSource":"SelfManagedKafka"'
        : `"eventSource":"aws:kafka","eventSourceArn":${JSON.stringify(eventSourceArn)}`;
    this.#topic = topic;
    this.#head = `{${source},"bootstrapServers":${JSON.stringify(brokers.join(','))},"records":{`;
    this.#headBytes = Buffer.byteLength(this.#head);
  }

  /** Bytes of an event without records, including its closing braces. */
  get envelopeBytes(): number {
    return this.#headBytes + 2;
  }

  /** Bytes that a partition adds besides its records: `"topic-0":[]` and a comma. */
  partitionBytes(partition: number): number {
    return this.#topic.length + String(partition).length + 7;
  }

  /** The event. Records must be grouped by partition and in offset order. */
  serialize(records: readonly PolledRecord[]): string {
    const parts: string[] = [];
    let start = 0;
    while (start < records.length) {
      const partition = (records[start] as PolledRecord).partition;
      let end = start + 1;
      while (records[end]?.partition === partition) end += 1;
      // `join` writes each text once into one flat string; `+=` would build a tree of strings first.
      const array = Array.from({ length: end - start }, (_, index) => (records[start + index] as PolledRecord).json);
      parts.push(`"${this.#topic}-${partition}":[${array.join(',')}]`);
      start = end;
    }
    return `${this.#head}${parts.join(',')}}}`;
  }

  /** Whether an event with only this record is within Lambda's limit. */
  fitsPayload(record: PolledRecord): boolean {
    // The first partition has no comma.
    return this.envelopeBytes + this.partitionBytes(record.partition) - 1 + record.bytes <= MAX_PAYLOAD_BYTES;
  }
}
