import { isUtf8 } from 'node:buffer';
import type { DeadLetter } from '../core/dead-letter.ts';
import { InputError } from '../core/errors.ts';
import { judgeFailure } from '../core/failure.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import { decodeSalaryRecord, type SalaryRecord } from '../core/salary-record.ts';

/** A salary record together with the Kafka record that brought it. */
export interface ReceivedSalary {
  readonly salary: SalaryRecord;
  readonly record: KafkaRecord;
}

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

export interface DeadLetterQueue {
  /** Resolves when the broker has acknowledged every letter. */
  publish(letters: readonly DeadLetter[]): Promise<void>;
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
    const { readable, letters } = decode(records);
    const outcome: Outcome = { loaded: 0, skipped: 0, refused: [], letters };
    await this.#loadIsolating(readable, outcome);
    if (letters.length > 0) await this.#deadLetters.publish(letters);
    // Behind the letters: a row may be dead-lettered twice, but is never counted as refused without a letter.
    if (outcome.refused.length > 0) await this.#tables.refuse(outcome.refused);
    return { loaded: outcome.loaded, skipped: outcome.skipped, deadLettered: letters.length };
  }

  /** Halves a batch that the database refuses until the row that it refuses stands alone. */
  async #loadIsolating(batch: readonly ReceivedSalary[], outcome: Outcome): Promise<void> {
    if (batch.length === 0) return;
    try {
      const { loaded, skipped, unknown } = await this.#tables.load(batch);
      outcome.loaded += loaded;
      outcome.skipped += skipped;
      outcome.letters.push(...unknown.map(({ record }) => deadLetter(record, UNKNOWN_FILE)));
    } catch (error) {
      if (judgeFailure(error) === 'world') throw error;
      const [only] = batch;
      if (batch.length > 1 || only === undefined) {
        const middle = Math.ceil(batch.length / 2);
        await this.#loadIsolating(batch.slice(0, middle), outcome);
        await this.#loadIsolating(batch.slice(middle), outcome);
        return;
      }
      outcome.refused.push(only);
      outcome.letters.push(deadLetter(only.record, refusal(error)));
    }
  }
}

/** What has become of a batch so far. */
interface Outcome {
  loaded: number;
  skipped: number;
  readonly refused: ReceivedSalary[];
  readonly letters: DeadLetter[];
}

const UNKNOWN_FILE = new InputError(
  'PIPE_UNKNOWN_FILE',
  'the record belongs to a file that is not in ingested_file; expected a record that transform-csv has sent',
);

function decode(records: readonly KafkaRecord[]) {
  const readable: ReceivedSalary[] = [];
  const letters: DeadLetter[] = [];
  for (const record of records) {
    try {
      readable.push({ salary: decodeSalaryRecord(text(record.value)), record });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      letters.push(deadLetter(record, error));
    }
  }
  return { readable, letters };
}

function text(value: Buffer | null): string {
  if (value === null)
    throw new InputError('PIPE_SALARY_RECORD', 'expected a salary record, got a record without a value');
  if (!isUtf8(value)) throw new InputError('PIPE_SALARY_RECORD', 'expected a salary record in UTF-8, got other bytes');
  return value.toString('utf8');
}

/** What the database says about a row may quote its values, so only its code is told. */
function refusal(error: unknown): InputError {
  const sqlState = (error as { code?: string }).code ?? 'unknown';
  return new InputError('PIPE_ROW_REFUSED', `the database refuses this row with SQLSTATE ${sqlState}`);
}

function deadLetter(record: KafkaRecord, error: InputError): DeadLetter {
  const { topic, partition, offset } = record;
  return {
    code: error.code,
    reason: error.message,
    origin: { topic, partition, offset },
    key: record.key,
    payload: record.value,
  };
}
