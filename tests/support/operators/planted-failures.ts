import { Readable } from 'node:stream';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaRecordReader } from '../../../functions/adapters/kafka/kafka-record-reader.ts';
import { decodeEnvelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { createSalaryRecordEncoder } from '../../../functions/core/salary-record.ts';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import { withDatabase } from '../../../localstack/commands/with-database.ts';
import { eventually } from '../eventually.ts';
import { LIMIT_MS, type PipelineRun } from '../pipelines/pipeline-run.ts';

/** A failure that was planted, and how its dead letter is found. */
export interface Planted {
  readonly code: string;
  /** The key of its record, or a row of a file, or a whole file. */
  readonly at: { readonly key: string; readonly isCut?: true } | { readonly file: string; readonly row: number | null };
  /** What the dead letter's own page begins to show; `null` for a whole file. */
  readonly payload: string | null;
}

interface Place {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';
export const MARKUP = '<img src=x onerror=alert(1)>';

const [CHANGES, SALARIES] = ['employee-changes', 'employee-salaries'];

/** Refuse what is planted here, and nothing else. */
const CONSTRAINTS = [
  ['employees', 'no_atlantis', `city <> 'Atlantis'`],
  ['department_employee', 'no_wizard', `position_title <> 'Wizard'`],
] as const;

/** Employees whose changes B refuses until `mend`. */
export const REFUSED = { byPage: 91_001, byConsole: 91_002, cut: 91_003 } as const;
/** Violates a rule of apply-changes. */
export const NEGATIVE = -91_004;
/** Enough keys for every partition of the topic, because each partition is judged by itself. */
const ACCEPTED = Array.from({ length: 20 }, (_, index) => 91_010 + index);
const ACCEPTED_ROWS = 'EMS,d,t,2015-01-01,0\n'.repeat(6);

export const FILES = {
  rows: `rows ${MARKUP}.csv`,
  refused: 'planted/refused.csv',
  empty: 'planted/empty.csv',
  encoding: 'planted/encoding.csv',
  header: 'planted/header.csv',
  quote: 'planted/quote.csv',
  recordSize: 'planted/record-size.csv',
} as const;

const BAD_ROWS = [
  ['PIPE_ROW_COLUMNS', 'EMS,d,t,2015-01-01'],
  ['PIPE_ROW_HIRE_DATE', 'EMS,d,t,2015-13-01,1'],
  ['PIPE_ROW_SALARY', `EMS,d,${MARKUP},2015-01-01,1e5`],
  ['PIPE_ROW_TEXT', `EMS,d,${'t'.repeat(201)},2015-01-01,1`],
] as const;

const BAD_FILES = [
  ['PIPE_FILE_EMPTY', FILES.empty, '\n'],
  ['PIPE_FILE_ENCODING', FILES.encoding, Buffer.from([...Buffer.from(HEADER), 0xff, 0x0a])],
  ['PIPE_FILE_HEADER', FILES.header, 'Department,Salary\n'],
  ['PIPE_FILE_QUOTE', FILES.quote, `${HEADER}EMS,"d,t,2015-01-01,1\n`],
  ['PIPE_FILE_RECORD_SIZE', FILES.recordSize, `${HEADER}EMS,"${'d'.repeat(1_100_000)}",t,2015-01-01,1\n`],
] as const;

/** Plants one failure of each kind, and mends the causes that are outside of the data. */
export class PlantedFailures {
  readonly all: Planted[] = [];
  readonly #run: PipelineRun;
  readonly #publisher: KafkaRecordPublisher;
  readonly #reader: KafkaRecordReader;

  constructor(run: PipelineRun) {
    this.#run = run;
    const settings = { brokers: run.endpoints.kafka.brokers, auth: 'none', clientId: 'planted-failures' } as const;
    this.#publisher = new KafkaRecordPublisher(settings);
    this.#reader = new KafkaRecordReader(settings);
  }

  /** Resolves when the ledger has all of them. */
  async plant(): Promise<void> {
    await this.#untilChangesFlow();
    for (const [table, name, check] of CONSTRAINTS) {
      await this.#run.target.query(`alter table ${table} add constraint ${name} check (${check})`);
    }
    await Promise.all([this.#plantChanges(), this.#plantSalaries(), this.#plantFiles()]);
    await this.#untilIndexed();
    await this.#plantCut();
    await this.#untilIndexed();
    await this.#plantCopies();
    await this.#untilIndexed();
  }

  async mend(): Promise<void> {
    for (const [table, name] of CONSTRAINTS) {
      await this.#run.target.query(`alter table ${table} drop constraint ${name}`);
    }
    await this.upload(FILES.rows, `${HEADER}EMS,d,t,2015-01-01,7\n`);
    for (const [, key] of BAD_FILES) await this.upload(key, `${HEADER}EMS,d,t,2015-01-01,1\n`);
  }

  async upload(key: string, content: string | Buffer): Promise<void> {
    await putIntoBucket(this.#run.endpoints.s3, key, Readable.from([Buffer.from(content)]));
  }

  async close(): Promise<void> {
    await Promise.all([this.#publisher.disconnect(), this.#reader.disconnect()]);
  }

  /** The dead letter of a planted failure. */
  async find({ code, at }: Omit<Planted, 'payload'>): Promise<Place | undefined> {
    const [where, values] =
      'key' in at
        ? ['record_key = $2 and cut = $3', [at.key, at.isCut ?? false]]
        : ['file_key = $2 and file_row is not distinct from $3', [at.file, at.row]];
    const { rows } = await this.#run.target.query<Place>(
      `select dlq_id as id, topic, kafka_partition as partition, kafka_offset as offset from dead_letter
       where code = $1 and ${where}`,
      [code, ...values],
    );
    return rows[0];
  }

  /** The value of a dead letter on its topic. */
  async #read(planted: Omit<Planted, 'payload'>): Promise<Buffer> {
    const { topic, partition, offset } = (await this.find(planted)) as Place;
    const [record] = await this.#reader.read(topic, partition, [BigInt(offset)]);
    return record?.value as Buffer;
  }

  /** A row that is written to `emp_cdc` before the first snapshot begins is never published. */
  async #untilChangesFlow(): Promise<void> {
    const { endpoints, target } = this.#run;
    await withDatabase(endpoints.sourceDatabaseUrl, (source) =>
      source.query(`insert into employees (emp_id, first_name) select id, 'Ada' from unnest($1::integer[]) as id`, [
        ACCEPTED,
      ]),
    );
    await eventually(
      async () => {
        const { rowCount } = await target.query('select from employees where emp_id = any ($1)', [ACCEPTED]);
        return rowCount === ACCEPTED.length;
      },
      { what: 'new employees in B', withinMs: LIMIT_MS / 4 },
    );
  }

  async #untilIndexed(): Promise<void> {
    let count = 0;
    await eventually(
      async () => {
        await this.#writeAccepted(++count);
        for (const each of this.all) expect([each.code, await this.find(each)]).toEqual([each.code, expect.anything()]);
        return true;
      },
      // Shorter than the limit of the hook, so that the error names what is missing.
      { what: 'the planted failures in the ledger', withinMs: LIMIT_MS / 4, everyMs: 1_000 },
    );
  }

  /** Until B accepts something after it has refused some, the constraint may be at fault, and everything waits. */
  async #writeAccepted(count: number): Promise<void> {
    await withDatabase(this.#run.endpoints.sourceDatabaseUrl, (source) =>
      source.query('update employees set salary = $1 where emp_id = any ($2)', [count, ACCEPTED]),
    );
    await this.upload('planted/accepted.csv', HEADER + ACCEPTED_ROWS + '\n'.repeat(count));
  }

  async #publish(topic: string, code: string, record: OutgoingRecord & { key: string; value: string }) {
    await this.#publisher.publish(topic, [record]);
    this.all.push({ code, at: { key: record.key }, payload: record.value });
  }

  async #plantChanges(): Promise<void> {
    const { sourceDatabaseUrl } = this.#run.endpoints;
    await withDatabase(sourceDatabaseUrl, async (source) => {
      const insert = 'insert into employees (emp_id, first_name, city) values ($1, $2, $3)';
      for (const empId of Object.values(REFUSED)) await source.query(insert, [empId, MARKUP, 'Atlantis']);
      await source.query(insert, [NEGATIVE, 'Ada', 'London']);
      await source.query(`insert into emp_cdc (emp_id, first_name, action) values (-1, $1, 'RENAME')`, [MARKUP]);
    });
    const start = '{"schema":1,"epoch":"';
    for (const empId of Object.values(REFUSED)) {
      this.all.push({ code: 'PIPE_CHANGE_REFUSED', at: { key: String(empId) }, payload: start });
    }
    this.all.push({ code: 'noNegativeEmpId', at: { key: String(NEGATIVE) }, payload: start });
    this.all.push({ code: 'PIPE_CHANGE_ACTION', at: { key: '-1' }, payload: start });

    const employee = { empId: 7, firstName: MARKUP, lastName: null, dob: null, city: null };
    const change = { schema: 1, epoch: '1', changeId: '1', action: 'UPDATE', changedAt: new Date().toISOString() };
    const value = (salary: unknown) => JSON.stringify({ ...change, employee: { ...employee, salary } });
    await this.#publish(CHANGES, 'PIPE_CHANGE_FIELD', { key: '7', value: value('much') });
    await this.#publish(CHANGES, 'PIPE_CHANGE_KEY', { key: MARKUP, value: value(1) });
    await this.#publish(CHANGES, 'PIPE_CHANGE_UNREADABLE', { key: 'unreadable', value: `${MARKUP}{` });
    await this.#publisher.publish(`${CHANGES}.dead-letter`, [{ key: 'other', value: MARKUP }]);
    this.all.push({ code: 'PIPE_DEAD_LETTER_UNREADABLE', at: { key: 'other' }, payload: MARKUP });
  }

  async #plantSalaries(): Promise<void> {
    const file = { bucket: this.#run.endpoints.s3.bucket, key: `${MARKUP}.csv`, version: 'none' };
    const row = { department: 'EMS', departmentDivision: 'd', positionTitle: 't', hireDate: '2015-01-01', salary: 1 };
    const value = createSalaryRecordEncoder(file)(1, row);
    await this.#publish(SALARIES, 'PIPE_UNKNOWN_FILE', { key: 'unknown-file', value });
    await this.#publish(SALARIES, 'PIPE_SALARY_RECORD', {
      key: 'salary-record',
      value: `{"schema":2,"x":"${MARKUP}"}`,
    });
  }

  async #plantFiles(): Promise<void> {
    await this.upload(FILES.rows, `${HEADER}${BAD_ROWS.map(([, row]) => `${row}\n`).join('')}EMS,d,t,2015-01-01,7\n`);
    for (const [index, [code, payload]] of BAD_ROWS.entries()) {
      this.all.push({ code, at: { file: FILES.rows, row: index + 1 }, payload });
    }
    await this.upload(FILES.refused, `${HEADER}EMS,d,Wizard,2015-01-01,5\nEMS,d,t,2015-01-01,6\n`);
    this.all.push({ code: 'PIPE_ROW_REFUSED', at: { file: FILES.refused, row: 1 }, payload: '{"schema":1,"bucket":' });
    for (const [code, key, content] of BAD_FILES) {
      await this.upload(key, content);
      this.all.push({ code, at: { file: key, row: null }, payload: null });
    }
  }

  /** A change that is too long for its dead letter, with the same employee as the one that B has refused. */
  async #plantCut(): Promise<void> {
    const key = String(REFUSED.cut);
    const { payload } = decodeEnvelope(await this.#read({ code: 'PIPE_CHANGE_REFUSED', at: { key } })) ?? {};
    const fields = JSON.parse(String(payload)) as object;
    const value = JSON.stringify({ ...fields, note: 'x'.repeat(300_000) });
    await this.#publisher.publish(CHANGES, [{ key, value }]);
    this.all.push({ code: 'PIPE_CHANGE_REFUSED', at: { key, isCut: true }, payload: '{"schema":1,"epoch":"' });
  }

  /** Dead letters that a tool has copied to their topic and that cannot be restored. */
  async #plantCopies(): Promise<void> {
    const text = async (planted: Omit<Planted, 'payload'>) => String(await this.#read(planted));
    const refused = await text({ code: 'PIPE_CHANGE_REFUSED', at: { key: String(REFUSED.byPage) } });
    const cut = await text({ code: 'PIPE_CHANGE_REFUSED', at: { key: String(REFUSED.cut), isCut: true } });
    const row = await text({ code: 'PIPE_ROW_SALARY', at: { file: FILES.rows, row: 3 } });
    const edited = refused.replaceAll('Atlantis', 'Paris');
    await this.#publish(CHANGES, 'PIPE_DEAD_LETTER_EDITED', { key: 'edited', value: edited });
    await this.#publish(SALARIES, 'PIPE_DEAD_LETTER_ROW', { key: 'row', value: row });
    await this.#publisher.publish(CHANGES, [{ key: 'cut', value: cut }]);
    this.all.push({ code: 'PIPE_DEAD_LETTER_CUT', at: { key: 'cut', isCut: true }, payload: '{"schema":1,' });
  }
}
