import type { PolledRecord } from '../model/polled-record.ts';

/** Lambda's limit of an invocation's payload. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

export interface EventOrigin {
  readonly topic: string;
  /** Absent: a self-managed cluster, whose events carry no ARN. */
  readonly eventSourceArn?: string | undefined;
  /** Comma-joined, as the event shows them. */
  readonly bootstrapServers: string;
}

/** Writes the event around records that are JSON already. */
export class KafkaEventWriter {
  readonly #head: string;
  readonly #headBytes: number;
  readonly #topicJson: string;

  constructor(origin: EventOrigin) {
    const { eventSourceArn, bootstrapServers, topic } = origin;
    const source =
      eventSourceArn === undefined
        ? '"eventSource":"SelfManagedKafka"'
        : `"eventSource":"aws:kafka","eventSourceArn":${JSON.stringify(eventSourceArn)}`;
    this.#head = `{${source},"bootstrapServers":${JSON.stringify(bootstrapServers)},"records":{`;
    this.#headBytes = Buffer.byteLength(this.#head);
    this.#topicJson = topic;
  }

  /** Bytes of an event without records, its closing braces included. */
  get envelopeBytes(): number {
    return this.#headBytes + 2;
  }

  /** Bytes that a partition adds beside its records: `"topic-0":[]` and a comma. */
  partitionBytes(partition: number): number {
    return this.#topicJson.length + String(partition).length + 7;
  }

  /** The event; records of one partition must stand together and in order of their offsets. */
  write(records: readonly PolledRecord[]): string {
    const parts: string[] = [];
    let start = 0;
    while (start < records.length) {
      const partition = (records[start] as PolledRecord).partition;
      let end = start + 1;
      while (records[end]?.partition === partition) end += 1;
      // Joined rather than added up: joining writes each text once, into one flat string.
      const array = Array.from({ length: end - start }, (_, index) => (records[start + index] as PolledRecord).json);
      parts.push(`"${this.#topicJson}-${partition}":[${array.join(',')}]`);
      start = end;
    }
    return `${this.#head}${parts.join(',')}}}`;
  }

  /** Whether a record fits into an invocation at all. */
  fitsAlone(record: PolledRecord): boolean {
    return this.envelopeBytes + this.partitionBytes(record.partition) - 1 + record.bytes <= MAX_PAYLOAD_BYTES;
  }
}
