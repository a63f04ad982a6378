import type { DeadLetter } from '../core/dead-letter.ts';
import type { FileArrival, RowCounts } from '../core/ingestion.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { SalaryColumns } from '../core/salary-columns.ts';
import { salaryRecordEncoder } from '../core/salary-record.ts';
import { judgeSalaryRow, type RowRejection, type SalaryFilter } from '../core/salary-rules.ts';
import { SALARIES_TOPIC } from '../core/topics.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { RowParser } from './csv-rows.ts';
import { PublishWindow } from './publish-window.ts';
import type { RecordBatch } from './record-scanner.ts';

/** Records a publish: fewer cost a request each, more take memory and bring nothing. */
const MAX_RECORDS = 1_500;
/** Characters a publish, below what a broker takes in one batch even if all of it went to one partition. */
const MAX_CHARACTERS = 512 * 1024;
/** Rejected rows and their bytes a publish; a letter may be as large as a record. */
const MAX_LETTERS = 200;
const MAX_LETTER_BYTES = 512 * 1024;
/** Publishes in flight: one keeps the broker idle while rows are read, many keep their rows in memory. */
const MAX_IN_FLIGHT = 3;

/** Judges the rows of one file in order, sends those that are kept and dead-letters those that cannot be used. */
export class RowSender {
  readonly #file: FileArrival;
  readonly #columns: SalaryColumns;
  readonly #filter: SalaryFilter;
  readonly #publisher: RecordPublisher;
  readonly #deadLetters: DeadLetterQueue;
  readonly #parser: RowParser;
  readonly #encode: ReturnType<typeof salaryRecordEncoder>;
  readonly #window = new PublishWindow(MAX_IN_FLIGHT);
  #counts: { read: number; filteredOut: number; rejected: number; sent: number };
  #records: OutgoingRecord[] = [];
  #characters = 0;
  #letters: DeadLetter[] = [];
  #letterBytes = 0;

  constructor(options: {
    readonly file: FileArrival;
    readonly columns: SalaryColumns;
    readonly filter: SalaryFilter;
    readonly publisher: RecordPublisher;
    readonly deadLetters: DeadLetterQueue;
    /** Of the rows before the first batch. */
    readonly counts: RowCounts;
  }) {
    this.#file = options.file;
    this.#columns = options.columns;
    this.#filter = options.filter;
    this.#publisher = options.publisher;
    this.#deadLetters = options.deadLetters;
    this.#counts = { ...options.counts };
    this.#parser = new RowParser(options.columns.count);
    this.#encode = salaryRecordEncoder(options.file);
  }

  /** Of all rows given so far; acknowledged they are only after `drain`. */
  get counts(): RowCounts {
    return { ...this.#counts };
  }

  /** Resolves when the batch is judged and handed over, at most a few publishes being in flight. */
  async send(batch: RecordBatch): Promise<void> {
    const rows = this.#parser.parse(batch);
    for (let index = 0; index < rows.length; index += 1) {
      const verdict = judgeSalaryRow(rows[index] as string[], this.#columns, this.#filter);
      this.#counts.read += 1;
      if (verdict.kind === 'filtered') {
        this.#counts.filteredOut += 1;
      } else if (verdict.kind === 'kept') {
        const value = this.#encode(this.#counts.read, verdict.row);
        this.#counts.sent += 1;
        this.#characters += value.length;
        if (this.#records.push({ key: null, value }) >= MAX_RECORDS || this.#characters >= MAX_CHARACTERS) {
          await this.#publishRecords();
        }
      } else {
        this.#counts.rejected += 1;
        this.#letters.push(this.#letterOf(batch, index, verdict.rejection));
        if (this.#letters.length >= MAX_LETTERS || this.#letterBytes >= MAX_LETTER_BYTES) await this.#publishLetters();
      }
    }
  }

  /** Resolves when every record and every dead letter of the rows given so far is acknowledged. */
  async drain(): Promise<void> {
    await this.#publishRecords();
    await this.#publishLetters();
    await this.#window.drain();
  }

  /** Resolves when nothing is in flight any more, for an invocation that has failed already. */
  async settle(): Promise<void> {
    await this.#window.settle();
  }

  async #publishRecords(): Promise<void> {
    if (this.#records.length === 0) return;
    await this.#window.room();
    this.#window.add(this.#publisher.publish(SALARIES_TOPIC, this.#records));
    this.#records = [];
    this.#characters = 0;
  }

  async #publishLetters(): Promise<void> {
    if (this.#letters.length === 0) return;
    await this.#window.room();
    this.#window.add(this.#deadLetters.publish(this.#letters));
    this.#letters = [];
    this.#letterBytes = 0;
  }

  #letterOf(batch: RecordBatch, index: number, { code, reason }: RowRejection): DeadLetter {
    const { bucket, key, version } = this.#file;
    const start = batch.starts[index] as number;
    const end = batch.ends[index] as number;
    const line = batch.lines[index] as number;
    this.#letterBytes += end - start;
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
      // A copy: the batch is void once the next one is read, and the letter is still in flight then.
      payload: Uint8Array.prototype.slice.call(batch.source, start, end),
    };
  }
}
