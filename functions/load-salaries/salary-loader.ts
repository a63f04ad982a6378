import { describeDatabaseFault } from '../core/database-fault.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import { earlierFailuresOf } from '../core/dead-letter-headers.ts';
import { dlqIdOf } from '../core/dead-letter-origin.ts';
import { InputError } from '../core/errors.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import type { LatencySummary } from '../core/latency.ts';
import type { TickRecorder } from '../core/pipeline-tick.ts';
import { isolateRefused } from '../core/refused-rows.ts';
import { decodeSalaryRecord, type ReceivedSalary, type SalaryRecord } from '../core/salary-record.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { SalaryTables } from '../ports/salary-tables.ts';

export interface LoadResult {
  readonly loaded: number;
  readonly skipped: number;
  readonly deadLettered: number;
  /** From the record on the topic to the commit in the tables; absent when no record can be read. */
  readonly latency?: LatencySummary;
}

/**
 * Loads batches of salary records into the tables, each record exactly once.
 *
 * A record that fails permanently becomes a dead letter, and the rest of its batch is loaded. Any other failure is thrown,
 * so that the event source retries the whole batch.
 */
export class SalaryLoader {
  readonly #tables: SalaryTables;
  readonly #deadLetters: DeadLetterQueue;
  readonly #ticks: TickRecorder;

  constructor(tables: SalaryTables, deadLetters: DeadLetterQueue, ticks: TickRecorder) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
    this.#ticks = ticks;
  }

  /**
   * Resolves when the rows are committed and all dead letters are acknowledged.
   *
   * @throws while the target database or Kafka is unavailable, and while the target's tables do not fit. The event source
   * then retries the batch, and nothing is lost or dead-lettered meanwhile.
   */
  async load(records: readonly KafkaRecord[]): Promise<LoadResult> {
    const { readable, deadLetters } = decode(records);
    const { due, committed } = this.#ticks.begin(
      readable.map(({ record }) => record.timestampMs),
      readable.length,
    );
    let acceptedCount = 0;
    const { results, refused } = await isolateRefused(
      readable,
      async (part) => {
        const outcome = await this.#tables.load(part, due);
        acceptedCount += outcome.loaded;
        return outcome;
      },
      (items) =>
        this.#tables.judgeRefused(
          items.map(({ item, error }) => ({ received: item, error })),
          acceptedCount,
        ),
    );
    const latency = committed();
    for (const { unregistered } of results) {
      deadLetters.push(...unregistered.map(({ record }) => deadLetterOfUnregisteredFile(record)));
    }
    deadLetters.push(...refused.map(({ item, error }) => deadLetterOfRefusedRow(item.record, error)));
    if (deadLetters.length > 0) await this.#deadLetters.publish(deadLetters);
    // After the dead letters, because a dead letter may be repeated, but a row counted as refused must have one.
    if (refused.length > 0) await this.#tables.recordRefused(refused.map(({ item }) => item));
    const counts = {
      loaded: sum(results.map(({ loaded }) => loaded)),
      skipped: sum(results.map(({ skipped }) => skipped)),
      deadLettered: deadLetters.length,
    };
    return latency === undefined ? counts : { ...counts, latency };
  }
}

function decode(records: readonly KafkaRecord[]) {
  const readable: ReceivedSalary[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const record of records) {
    try {
      if (record.fault) throw record.fault;
      const salary = decodeSalaryRecord(record.value);
      readable.push(wasRejected(record, salary) ? { salary, record, wasRejected: true } : { salary, record });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      deadLetters.push(deadLetterOfRecord(record, error.code, error.message));
    }
  }
  return { readable, deadLetters };
}

/** Whether a redrive has published the row: its first failure was that the rules rejected this very row. */
function wasRejected({ headers }: KafkaRecord, { bucket, key, version, rowNumber }: SalaryRecord): boolean {
  if (headers === undefined) return false;
  return earlierFailuresOf(headers)?.id === dlqIdOf({ bucket, key, version, row: rowNumber });
}

function deadLetterOfUnregisteredFile(record: KafkaRecord): DeadLetter {
  const reason = 'expected a record that transform-csv sent, got one of a file that is not in the table ingested_file';
  return deadLetterOfRecord(record, 'PIPE_UNKNOWN_FILE', reason);
}

function deadLetterOfRefusedRow(record: KafkaRecord, error: unknown): DeadLetter {
  const reason = `the target database refuses this row: ${describeDatabaseFault(error)}`;
  return deadLetterOfRecord(record, 'PIPE_ROW_REFUSED', reason);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
