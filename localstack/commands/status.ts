import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { readEndpoints } from '../stack/endpoints.ts';
import { type KafkaStatus, readKafkaStatus } from './kafka-status.ts';
import { runCommand } from './run-command.ts';

const USAGE = `npm run status [-- --json] [--directory DIR]
  --json           one JSON object instead of tables
  --directory DIR  of the running stack; .localstack when absent`;

/** More files than this are of little use on a screen; the newest are shown. */
const FILES_SHOWN = 20;

interface Tables {
  /** Totals as text: they are 64-bit numbers. */
  readonly totals: readonly { department: string; total_salary: string; employee_count: string }[];
  /** The newest first. */
  readonly files: readonly Record<string, string | number | boolean | null>[];
}

type Status = Tables & KafkaStatus;

/** Shows what the running stack has come to. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean', default: false }, directory: { type: 'string', default: '.localstack' } },
  });
  const { targetDatabaseUrl, kafka } = await readEndpoints(values.directory);
  const [tables, offsets] = await Promise.allSettled([readTables(targetDatabaseUrl), readKafkaStatus(kafka.brokers)]);
  if (!values.json && tables.status === 'fulfilled') showTables(tables.value);
  if (!values.json && offsets.status === 'fulfilled') showOffsets(offsets.value);
  if (tables.status === 'rejected') throw away('PostgreSQL (target)', 'targetDatabase', tables.reason);
  if (offsets.status === 'rejected') throw away('Kafka', 'kafka', offsets.reason);
  const status: Status = { ...tables.value, ...offsets.value };
  if (values.json) process.stdout.write(`${JSON.stringify(status)}\n`);

  function away(server: string, log: string, cause: Error): Error {
    const path = join(values.directory, 'logs', `${log}.log`);
    return new Error(
      `${server} does not answer (${cause.message}). The stack starts it again when it dies: try once more in some ` +
        `seconds, else see ${path}.`,
      { cause },
    );
  }
});

async function readTables(url: string): Promise<Tables> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    const totals = await client.query<Status['totals'][number]>(
      'select department, total_salary, employee_count from department_employee_salary order by department',
    );
    const files = await client.query<Status['files'][number]>(
      `select bucket, key, version, state, read, filtered_out, rejected, sent, loaded, refused, end_recorded,
         to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at,
         to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as finished_at
       from ingested_file order by file_id desc limit $1`,
      [FILES_SHOWN],
    );
    return { totals: totals.rows, files: files.rows };
  } finally {
    await client.end();
  }
}

function showTables({ totals, files }: Tables): void {
  showTable(
    'Totals per department',
    totals.map((row) => ({ ...row, total_salary: grouped(row.total_salary) })),
  );
  showTable(
    `Files, the newest first`,
    files.map(({ bucket: _, version: __, end_recorded: ___, ...row }) => row),
  );
}

function showOffsets({ lags, deadLetters }: KafkaStatus): void {
  showTable('Records not yet confirmed by their consumers', lags);
  showTable('Dead letters', deadLetters);
}

function showTable(title: string, rows: readonly object[]): void {
  process.stdout.write(`\n${title}\n`);
  if (rows.length === 0) process.stdout.write('none\n');
  else console.table(rows);
}

function grouped(whole: string): string {
  return BigInt(whole).toLocaleString('en');
}
