import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import pg from 'pg';
import { startOwnStack } from './cdc/own-stack.ts';
import { percentile, SteadyLoad } from './cdc/steady-load.ts';
import { auditTopic } from './cdc/topic-audit.ts';
import { measureUsualStyle, watchByLastId } from './cdc/usual-style.ts';

const TOPIC = 'employee-changes';
/** Brokers and functions compile what they run often; what is measured is what comes after. */
const WARM_UP_SECONDS = 15;
const WITHIN_MS = 120_000;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    burst: { type: 'string', default: '100000' },
    rows: { type: 'string', default: '100000' },
    json: { type: 'boolean', default: false },
  },
});
const [rate, seconds, burst, rowCount] = [values.rate, values.seconds, values.burst, values.rows].map(wholeNumber) as [
  number,
  number,
  number,
  number,
];

const stack = await startOwnStack();
const { endpoints } = stack;
const source = new pg.Pool({ connectionString: endpoints.sourceDatabaseUrl, max: 12 });
const target = new pg.Pool({ connectionString: endpoints.targetDatabaseUrl, max: 4 });
try {
  await untilStreaming();
  say(`warming up: ${rate} changes/s for ${WARM_UP_SECONDS} s`);
  await new SteadyLoad(source, target).run(rate, WARM_UP_SECONDS);
  say(`steady: ${rate} changes/s for ${seconds} s, another transaction open`);
  const held = await source.connect();
  await held.query(`begin; insert into employees (first_name) values ('held open')`);
  const usualWatch = watchByLastId(source);
  const load = new SteadyLoad(source, target);
  const made = await load.run(rate, seconds);
  await held.query('commit');
  held.release();
  await untilEqual();
  const usualLost = await usualWatch.lost();
  const audit = await auditTopic(endpoints.kafka.brokers, TOPIC, source);

  say(`burst: ${burst} inserts, then as many deletes`);
  const inserts = await measureBurst(`insert into employees (first_name, last_name, dob, city, salary)
    select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
    from generate_series(1, ${burst}) n`);
  const deletes = await measureBurst(
    `delete from employees where emp_id in (select emp_id from employees order by emp_id desc limit ${burst})`,
  );
  say('the usual style');
  const usualRate = await measureUsualStyle(endpoints.kafka.brokers, source, target, 3_000);
  await untilEqual();
  say(`snapshot: ${rowCount} rows`);
  const snapshotRows = await measureSnapshot();

  const sorted = load.latenciesMs.sort((a, b) => a - b);
  const latencyMs = {
    p50: round(percentile(sorted, 0.5)),
    p95: round(percentile(sorted, 0.95)),
    p99: round(percentile(sorted, 0.99)),
    max: round(sorted.at(-1) ?? Number.NaN),
  };
  const result = {
    rate: Math.round(made),
    seconds,
    latencyMs,
    lost: audit.lost,
    outOfOrder: audit.outOfOrder,
    // The slower of the two kinds.
    catchUpChangesPerSecond: Math.round(Math.min(inserts, deletes)),
    snapshotRowsPerSecond: Math.round(snapshotRows),
    usualStyle: { changesPerSecond: Math.round(usualRate), lost: usualLost },
  };
  console.table({
    'commit in A to visible in B, p50': { value: latencyMs.p50, unit: 'ms' },
    p95: { value: latencyMs.p95, unit: 'ms' },
    p99: { value: latencyMs.p99, unit: 'ms' },
    max: { value: latencyMs.max, unit: 'ms' },
    'lost / out of order': { value: `${audit.lost} / ${audit.outOfOrder}`, unit: 'changes' },
    'catch-up, inserts': { value: Math.round(inserts), unit: 'changes/s' },
    'catch-up, deletes': { value: Math.round(deletes), unit: 'changes/s' },
    snapshot: { value: Math.round(snapshotRows), unit: 'rows/s' },
    'the usual style': { value: Math.round(usualRate), unit: 'changes/s' },
    'the usual style, lost': { value: usualLost, unit: 'changes' },
    'catch-up in terms of the usual style': { value: round(Math.min(inserts, deletes) / usualRate), unit: 'times' },
  });
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await Promise.all([source.end(), target.end()]);
  await stack.stop();
}

/** A backlog that is there at once, from its commit until the target has it. */
async function measureBurst(statement: string): Promise<number> {
  const { rowCount: changed } = await source.query(statement);
  const committedAt = performance.now();
  await untilEqual();
  return (changed ?? 0) / ((performance.now() - committedAt) / 1_000);
}

/** Rows that came in without a trigger, so that only the snapshot can bring them. */
async function measureSnapshot(): Promise<number> {
  await source.query(`
    alter table employees disable trigger all;
    insert into employees (first_name, last_name, dob, city, salary)
      select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
      from generate_series(1, ${rowCount}) n;
    alter table employees enable always trigger "00_capture_change";
    alter table employees enable always trigger "00_capture_truncate"`);
  const { rows } = await source.query<{ count: string }>('select count(*) from employees');
  const before = await watermarkEpoch();
  await requestSnapshot();
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const raised = await watermarkEpoch();
    // The epoch is the clock when the snapshot began, and the watermark just below it shows that the snapshot is whole.
    if (raised !== before) return Number(rows[0]?.count) / ((Date.now() - Number(raised) - 1) / 1_000);
    if (performance.now() > deadline) throw new Error('the snapshot did not end within two minutes');
    await sleep(20);
  }
}

async function watermarkEpoch(): Promise<string> {
  const { rows } = await target.query<{ epoch: string }>('select epoch from employee_watermark');
  return rows[0]?.epoch ?? '';
}

async function requestSnapshot(): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: endpoints.dynamodb.endpoint,
    region: endpoints.s3.region,
    credentials: { accessKeyId: endpoints.s3.accessKeyId, secretAccessKey: endpoints.s3.secretAccessKey },
  });
  await client.send(
    new UpdateItemCommand({
      TableName: endpoints.dynamodb.offsetTable,
      Key: { id: { S: 'employee-changes' } },
      UpdateExpression: 'SET resnapshot = :token',
      ExpressionAttributeValues: { ':token': { S: 'bench' } },
    }),
  );
  client.destroy();
}

/** The first change that arrives shows that poller, event source and applier are warm. */
async function untilStreaming(): Promise<void> {
  await source.query(`insert into employees (first_name) select 'warm ' || n from generate_series(1, 200) n`);
  await untilEqual();
}

/** Until both sides hold the same number of employees with the same keys. */
async function untilEqual(): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  const digest = "select count(*) || '/' || coalesce(sum(emp_id), 0) as digest from employees";
  const { rows } = await source.query<{ digest: string }>(digest);
  for (;;) {
    const { rows: held } = await target.query<{ digest: string }>(digest);
    if (held[0]?.digest === rows[0]?.digest) return;
    if (performance.now() > deadline) throw new Error(`the target has ${held[0]?.digest}, not ${rows[0]?.digest}`);
    await sleep(100);
  }
}

function wholeNumber(text: string | undefined): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`expected a whole number from 1, got "${text}"; usage: npm run bench:cdc -- --rate R --seconds S`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
