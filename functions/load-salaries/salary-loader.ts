import { bisect } from '../core/bisect.ts';
import { sqlStateOf } from '../core/classify-error.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import { InputError } from '../core/errors.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import { decodeSalaryRecord, type ReceivedSalary } from '../core/salary-record.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';

export interface BatchOutcome {
  /** Rows that this batch brought into the tables. */
  readonly loaded: number;
  /** Rows that were there already, or of versions that no longer count. */
  readonly skipped: number;
  /** Records of files that nobody has registered. */
  readonly unknown: readonly ReceivedSalary[];
}

/** The rows, the totals and the accounting, changed together. */
export interface SalaryTables {
  /**
   * Writes a batch in one transaction: each row once, the totals by what was really inserted, nothing of versions that
   * are not current. Repeating it changes nothing.
   *
   * @throws with the database's SQLSTATE when it refuses one of the rows: then nothing of the batch is written.
   */
  load(batch: readonly ReceivedSalary[]): Promise<BatchOutcome>;
  /** Counts rows as refused by the database; once for each row identity, however often it is called. */
  refuse(batch: readonly ReceivedSalary[]): Promise<void>;
}

export interface LoadResult {
  readonly loaded: number;
  readonly skipped: number;
  readonly deadLettered: number;
}

/**
 * Brings a batch of salary records into the tables, exactly once each.
 *
 * Records that can never succeed become dead letters before the batch is answered for; anything else that goes wrong is
 * thrown, and the event source brings the whole batch again.
 */
export class SalaryLoader {
  readonly #tables: SalaryTables;
  readonly #deadLetters: DeadLetterQueue;

  constructor(tables: SalaryTables, deadLetters: DeadLetterQueue) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
  }

  async load(records: readonly KafkaRecord[]): Promise<LoadResult> {
    const { readable, deadLetters } = decode(records);
    const { results, refused } = await bisect(readable, (part) => this.#tables.load(part));
    for (const { unknown } of results) deadLetters.push(...unknown.map(({ record }) => unknownFile(record)));
    deadLetters.push(...refused.map(({ item, error }) => refusedRow(item.record, error)));
    if (deadLetters.length > 0) await this.#deadLetters.publish(deadLetters);
    // After the dead letters: a retry may publish a dead letter twice, but no row is counted as refused without one.
    if (refused.length > 0) await this.#tables.refuse(refused.map(({ item }) => item));
    return {
      loaded: sum(results.map(({ loaded }) => loaded)),
      skipped: sum(results.map(({ skipped }) => skipped)),
      deadLettered: deadLetters.length,
    };
  }
}

function decode(records: readonly KafkaRecord[]) {
  const readable: ReceivedSalary[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const record of records) {
    try {
      readable.push({ salary: decodeSalaryRecord(record.value), record });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      deadLetters.push(deadLetterOfRecord(record, error.code, error.message));
    }
  }
  return { readable, deadLetters };
}

function unknownFile(record: KafkaRecord): DeadLetter {
  const reason =
    'the record belongs to a file that is not in ingested_file; expected a record that transform-csv has sent';
  return deadLetterOfRecord(record, 'PIPE_UNKNOWN_FILE', reason);
}

function refusedRow(record: KafkaRecord, error: unknown): DeadLetter {
  const reason = `the database refuses this row with SQLSTATE ${sqlStateOf(error)}`;
  return deadLetterOfRecord(record, 'PIPE_ROW_REFUSED', reason);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
