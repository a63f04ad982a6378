import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { PipelineRun } from '../pipelines/pipeline-run.ts';

interface LoadedFile {
  readonly file_id: string;
  readonly bucket: string;
  readonly version: string;
}

/**
 * Leaves a loaded file as an older version of the code would have left it, which rejected a row, or the whole file, that the
 * rules accept today. No setting makes them accept more.
 */
export class OlderCode {
  readonly #run: PipelineRun;

  constructor(run: PipelineRun) {
    this.#run = run;
  }

  /** `content` is that of the file, whose rows are all in the tables. */
  async rejectRow(key: string, content: string, row: number): Promise<void> {
    const lines = content.split(/(?<=\n)/);
    const start = lines.slice(0, row).join('').length;
    const payload = Buffer.from((lines[row] ?? '').trimEnd());
    const { bucket, version } = await this.#takeBack(
      key,
      'row_number = $2',
      [row],
      'rejected = rejected + 1, sent = sent - 1, loaded = loaded - 1',
    );
    const byteRange = [start, start + payload.length] as const;
    const origin = { bucket, key, version, line: row + 1, row, byteRange };
    await this.#deadLetter({ code: 'PIPE_ROW_SALARY', reason: 'expected a salary, got another', origin, payload });
  }

  async rejectFile(key: string): Promise<void> {
    const counts = 'read = 0, filtered_out = 0, sent = 0, loaded = 0, end_recorded = false';
    const { bucket, version } = await this.#takeBack(key, 'true', [], `state = 'rejected', ${counts}`);
    await this.#run.target.query('update ingested_key set current_file_id = null where key = $1', [key]);
    const origin = { bucket, key, version, line: 1 };
    await this.#deadLetter({ code: 'PIPE_FILE_HEADER', reason: 'expected another header', origin, payload: null });
  }

  /** Deletes rows, subtracts their salaries, and changes the account of the file. */
  async #takeBack(key: string, which: string, values: readonly unknown[], account: string): Promise<LoadedFile> {
    const { rows } = await this.#run.target.query<LoadedFile>(
      `with file as (
         update ingested_file set ${account} where key = $1 and state = 'complete' returning file_id, bucket, version
       ), gone as (
         delete from department_employee using file where department_employee.file_id = file.file_id and ${which}
         returning department, salary
       ), subtracted as (
         update department_employee_salary as total
         set total_salary = total_salary - sum, employee_count = employee_count - count
         from (select department, sum(salary), count(*) from gone group by department) as sums
         where total.department = sums.department
       )
       select file_id, bucket, version from file`,
      [key, ...values],
    );
    const [file] = rows;
    if (file === undefined) throw new Error(`Expected the complete file ${key}, found none.`);
    return file;
  }

  async #deadLetter(deadLetter: DeadLetter): Promise<void> {
    const { brokers } = this.#run.endpoints.kafka;
    const publisher = new KafkaRecordPublisher({ brokers, auth: 'none', clientId: 'older-code' });
    await new KafkaDeadLetterQueue(publisher, 'employee-salaries.dead-letter').publish([deadLetter]);
    await publisher.disconnect();
  }
}
