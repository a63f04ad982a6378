import type { DeadLetter } from '../core/dead-letter.ts';
import type { FileArrival, RowCounts } from '../core/ingestion.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { SalaryColumns } from '../core/salary-columns.ts';
import { createSalaryRecordEncoder } from '../core/salary-record.ts';
import { applySalaryRules, type RowRejection, type SalaryFilter } from '../core/salary-rules.ts';
import { SALARIES_TOPIC } from '../core/topics.ts';
import type { RowBatch } from '../csv/row-batch.ts';
import { RowParser } from '../csv/row-parser.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { PublishWindow } from './publish-window.ts';

/** Limits of one publish of records. Smaller costs more requests; larger costs memory and is not faster. */
const MAX_RECORDS = 1_500;
/** Stays below the broker's limit for one batch, even if all records go to one partition. */
const MAX_RECORD_CHARACTERS = 512 * 1024;
/** Limits of one publish of dead letters, which may each be as large as the longest row. */
const MAX_DEAD_LETTERS = 200;
const MAX_DEAD_LETTER_BYTES = 512 * 1024;
/** Smaller: with 1, Kafka is idle while rows are read. Larger: more rows are in memory. */
const MAX_PUBLISHES_IN_FLIGHT = 3;

/** Applies the salary rules to the rows of one file, in order, and publishes the kept rows and the dead letters. */
export class RowSender {
  readonly #file: FileArrival;
  readonly #columns: SalaryColumns;
  readonly #filter: SalaryFilter;
  readonly #publisher: RecordPublisher;
  readonly #deadLetters: DeadLetterQueue;
  readonly #parser: RowParser;
  readonly #encode: ReturnType<typeof createSalaryRecordEncoder>;
  readonly #window = new PublishWindow(MAX_PUBLISHES_IN_FLIGHT);
  #counts: { read: number; filteredOut: number; rejected: number; sent: number };
  #pendingRecords: OutgoingRecord[] = [];
  #pendingCharacters = 0;
  #pendingDeadLetters: DeadLetter[] = [];
  #pendingDeadLetterBytes = 0;

  constructor(options: {
    readonly file: FileArrival;
    readonly columns: SalaryColumns;
    readonly filter: SalaryFilter;
    readonly publisher: RecordPublisher;
    readonly deadLetters: DeadLetterQueue;
    /** Counts of the rows before the first batch. */
    readonly counts: RowCounts;
  }) {
    this.#file = options.file;
    this.#columns = options.columns;
    this.#filter = options.filter;
    this.#publisher = options.publisher;
    this.#deadLetters = options.deadLetters;
    this.#counts = { ...options.counts };
    this.#parser = new RowParser(options.columns.count);
    this.#encode = createSalaryRecordEncoder(options.file);
  }

  /** Counts of all rows so far. They are acknowledged only after `drain`. */
  get counts(): RowCounts {
    return { ...this.#counts };
  }

  /**
   * Resolves when the rows of the batch are counted. Some of them may be in flight or waiting for the next publish.
   *
   * @throws the error of an earlier publish that failed.
   */
  async send(batch: RowBatch): Promise<void> {
    const rows = this.#parser.parse(batch);
    for (let index = 0; index < rows.length; index += 1) {
      const outcome = applySalaryRules(rows[index] as string[], this.#columns, this.#filter);
      this.#counts.read += 1;
      if (outcome.kind === 'filtered') {
        this.#counts.filteredOut += 1;
      } else if (outcome.kind === 'kept') {
        const value = this.#encode(this.#counts.read, outcome.row);
        this.#counts.sent += 1;
        this.#pendingCharacters += value.length;
        const pendingCount = this.#pendingRecords.push({ key: null, value });
        if (pendingCount >= MAX_RECORDS || this.#pendingCharacters >= MAX_RECORD_CHARACTERS) {
          await this.#publishRecords();
        }
      } else {
        this.#counts.rejected += 1;
        const pendingCount = this.#pendingDeadLetters.push(this.#toDeadLetter(batch, index, outcome.rejection));
        if (pendingCount >= MAX_DEAD_LETTERS || this.#pendingDeadLetterBytes >= MAX_DEAD_LETTER_BYTES) {
          await this.#publishDeadLetters();
        }
      }
    }
  }

  /** Resolves when every record and dead letter of the rows so far is acknowledged. */
  async drain(): Promise<void> {
    await this.#publishRecords();
    await this.#publishDeadLetters();
    await this.#window.drain();
  }

  /** Resolves when no publish is in flight any more, so that a failed invocation leaves none running. Never throws. */
  async settle(): Promise<void> {
    await this.#window.settle();
  }

  async #publishRecords(): Promise<void> {
    if (this.#pendingRecords.length === 0) return;
    await this.#window.waitForSlot();
    this.#window.add(this.#publisher.publish(SALARIES_TOPIC, this.#pendingRecords));
    this.#pendingRecords = [];
    this.#pendingCharacters = 0;
  }

  async #publishDeadLetters(): Promise<void> {
    if (this.#pendingDeadLetters.length === 0) return;
    await this.#window.waitForSlot();
    this.#window.add(this.#deadLetters.publish(this.#pendingDeadLetters));
    this.#pendingDeadLetters = [];
    this.#pendingDeadLetterBytes = 0;
  }

  #toDeadLetter(batch: RowBatch, index: number, { code, reason }: RowRejection): DeadLetter {
    const { bucket, key, version } = this.#file;
    const start = batch.starts[index] as number;
    const end = batch.ends[index] as number;
    const line = batch.lines[index] as number;
    this.#pendingDeadLetterBytes += end - start;
    return {
      code,
      reason: `${reason}; line ${line}`,
      origin: {
        bucket,
        key,
        version,
        line,
        row: this.#counts.read,
        byteRange: [batch.byteOffset + start, batch.byteOffset + end],
      },
      // Copied, because the batch becomes invalid while the dead letter is in flight.
      payload: Uint8Array.prototype.slice.call(batch.source, start, end),
    };
  }
}
