import type { PolledRecord } from '../model/polled-record.ts';
import type { RecordSerialiser } from './record.ts';

/** Records of one partition that were polled and not yet sent, with how far the partition has been read. */
export class PartitionQueue {
  readonly serialiser: RecordSerialiser;
  /** Whether a batch with records of this partition is being worked on; the next one has to wait for it. */
  inFlight = false;
  /** Set when the partition was given to another consumer: whatever is still running must not commit. */
  revoked = false;
  paused = false;
  /** Offset of the next record that the broker will give; behind everything that was polled, dropped or filtered. */
  polledUpTo: number;
  /** Offset as the broker last confirmed it. */
  committed: number;
  #records: PolledRecord[] = [];
  #head = 0;
  #bytes = 0;

  constructor(serialiser: RecordSerialiser, committed: number) {
    this.serialiser = serialiser;
    this.committed = committed;
    this.polledUpTo = committed;
  }

  get partition(): number {
    return this.serialiser.partition;
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

  push(record: PolledRecord): void {
    this.#records.push(record);
    this.#bytes += record.bytes;
  }

  shift(): PolledRecord | undefined {
    const record = this.#records[this.#head];
    if (record === undefined) return undefined;
    this.#head += 1;
    this.#bytes -= record.bytes;
    // Cut off what was taken now and then: shifting an array for each record would move all of it each time.
    if (this.#head >= 1_024 && this.#head * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
    return record;
  }

  /** The offset that may be committed while nothing of this partition is in flight. */
  get settledUpTo(): number {
    return this.first?.offset ?? this.polledUpTo;
  }
}
