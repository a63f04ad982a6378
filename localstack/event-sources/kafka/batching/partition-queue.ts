import type { PolledRecord } from '../../model/polled-record.ts';

/** Records of one partition that were polled and are not in a batch yet. All state of the queue changes in its methods. */
export class PartitionQueue {
  readonly partition: number;
  #records: PolledRecord[] = [];
  #head = 0;
  #bytes = 0;
  #nextOffset: number;
  #hasBatchInFlight = false;

  constructor(partition: number, nextOffset: number) {
    this.partition = partition;
    this.#nextOffset = nextOffset;
  }

  /** Offset of the next record to fetch: all before it were polled, filtered out or skipped. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): PolledRecord | undefined {
    return this.#records[this.#head];
  }

  /** Whether a batch can be taken. The order of the partition allows one batch in flight at a time. */
  get isReady(): boolean {
    return !this.#hasBatchInFlight && this.length > 0;
  }

  /** Whether all polled records are settled. */
  get isIdle(): boolean {
    return !this.#hasBatchInFlight && this.length === 0;
  }

  /** The offset that may be committed when the batch in flight, if any, is settled. */
  get settledOffset(): number {
    return this.first?.offset ?? this.#nextOffset;
  }

  push(record: PolledRecord): void {
    this.#records.push(record);
    this.#bytes += record.bytes;
  }

  advanceTo(nextOffset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, nextOffset);
  }

  shift(): PolledRecord | undefined {
    const record = this.#records[this.#head];
    if (record === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= record.bytes;
    // Slice from time to time: `Array.shift` would move all remaining records each time.
    if (this.#head >= 1_024 && this.#head * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
    return record;
  }

  /** To be called when the batch with the records that were shifted goes out. */
  startBatch(): void {
    this.#hasBatchInFlight = true;
  }

  endBatch(): void {
    this.#hasBatchInFlight = false;
  }
}
