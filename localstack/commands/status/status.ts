import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { readEndpoints } from '../../stack/endpoints.ts';
import { stackDirectory } from '../../stack/user-path.ts';
import { DIRECTORY_USAGE, directoryOption, runCommand } from '../run-command.ts';
import { withDatabase } from '../with-database.ts';
import { type KafkaStatus, readKafkaStatus } from './kafka-status.ts';

const USAGE = `npm run status [-- --json] [--directory DIR]
  --json           print one JSON object instead of tables
${DIRECTORY_USAGE}`;

/** Only the newest files, so that the table fits on a screen. */
const MAX_FILES = 20;
const CONNECTION_TIMEOUT_MS = 3_000;

interface DatabaseStatus {
  /** The totals are text, because they are 64-bit numbers. */
  readonly totals: readonly { department: string; total_salary: string; employee_count: string }[];
  /** Newest first. */
  readonly files: readonly Record<string, string | number | boolean | null>[];
}

/** `npm run status`: shows totals, files, lag and dead letters of the running stack. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean', default: false }, directory: directoryOption },
  });
  const directory = stackDirectory(values.directory);
  const { targetDatabaseUrl, kafka } = await readEndpoints(directory);
  const [database, topics] = await Promise.allSettled([
    readDatabase(targetDatabaseUrl),
    readKafkaStatus(kafka.brokers),
  ]);
  if (!values.json && database.status === 'fulfilled') printDatabaseStatus(database.value);
  if (!values.json && topics.status === 'fulfilled') printKafkaStatus(topics.value);
  if (database.status === 'rejected') throw unavailable('PostgreSQL (target)', 'targetDatabase', database.reason);
  if (topics.status === 'rejected') throw unavailable('Kafka', 'kafka', topics.reason);
  if (values.json) console.log(JSON.stringify({ ...database.value, ...topics.value }));

  function unavailable(server: string, logName: string, cause: Error): Error {
    const log = join(directory, 'logs', `${logName}.log`);
    return new Error(
      `${server} does not respond: ${cause.message}. The stack restarts a crashed server within seconds: try again, ` +
        `then look at its log, ${log}.`,
      { cause },
    );
  }
});

function readDatabase(url: string): Promise<DatabaseStatus> {
  const read = async (client: pg.Client) => {
    const totals = await client.query<DatabaseStatus['totals'][number]>(
      'select department, total_salary, employee_count from department_employee_salary order by department',
    );
    const files = await client.query<DatabaseStatus['files'][number]>(
      `select bucket, key, version, state, read, filtered_out, rejected, sent, loaded, refused, end_recorded,
         to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at,
         to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as finished_at
       from ingested_file order by file_id desc limit $1`,
      [MAX_FILES],
    );
    return { totals: totals.rows, files: files.rows };
  };
  return withDatabase(url, read, CONNECTION_TIMEOUT_MS);
}

function printDatabaseStatus({ totals, files }: DatabaseStatus): void {
  printTable(
    'Totals by department',
    totals.map((row) => ({ ...row, total_salary: BigInt(row.total_salary).toLocaleString('en') })),
  );
  printTable(
    'Files, newest first',
    files.map(({ bucket: _, version: __, end_recorded: ___, ...row }) => row),
  );
}

function printKafkaStatus({ lags, deadLetters }: KafkaStatus): void {
  printTable('Consumer lag in records', lags);
  printTable('Dead letters', deadLetters);
}

function printTable(title: string, rows: readonly object[]): void {
  console.log(`\n${title}`);
  if (rows.length === 0) console.log('none');
  else console.table(rows);
}
