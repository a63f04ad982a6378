import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { eventually } from '../support/eventually.ts';
import { readLeaseTransferGaps } from './cdc/lease-transfers.ts';
import { measureSnapshot } from './cdc/snapshot-run.ts';
import { percentile, SteadyLoad } from './cdc/steady-load.ts';
import { auditTopic } from './cdc/topic-audit.ts';
import { measureUsualStyle, watchByLastId } from './cdc/usual-style.ts';

const USAGE = `npm run bench:cdc -- [--rate R] [--seconds S] [--burst N] [--rows N] [--json]
  --rate R     changes per second, 1000 when absent
  --seconds S  how long, 60 when absent
  --burst N    changes of the backlog, 100000 when absent
  --rows N     rows that only the snapshot brings, 100000 when absent`;

const TOPIC = 'employee-changes';
/** Brokers and functions compile what they run often; what is measured is what comes after. */
const WARM_UP_SECONDS = 15;
const USUAL_STYLE_CHANGES = 3_000;

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly burst: number;
  readonly rows: number;
}

async function measure({ rate, seconds, burst, rows }: Options, stack: TemporaryStack, endpoints: StackEndpoints) {
  const source = new pg.Pool({ connectionString: endpoints.sourceDatabaseUrl, max: 12 });
  const target = new pg.Pool({ connectionString: endpoints.targetDatabaseUrl, max: 4 });
  try {
    // The first change that arrives shows that poller, event source and applier are there.
    await source.query(`insert into employees (first_name) select 'warm ' || n from generate_series(1, 200) n`);
    await untilEqual(source, target);
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
    await untilEqual(source, target);
    const usualLost = await usualWatch.lost();
    const audit = await auditTopic(endpoints.kafka.brokers, TOPIC, source);
    const gaps = await readLeaseTransferGaps(join(stack.directory, 'logs', 'functions.log'));
    say(`gaps in the reads of the source at lease transfers so far: ${gaps.map((gap) => `${gap} ms`).join(', ')}`);

    say(`burst: ${burst} inserts, then as many deletes`);
    const burstOf = async (statement: string) => {
      // A backlog that is there at once, from its commit until the target has it.
      const { rowCount } = await source.query(statement);
      const committedAt = performance.now();
      await untilEqual(source, target);
      return (rowCount ?? 0) / ((performance.now() - committedAt) / 1_000);
    };
    const inserts = await burstOf(`insert into employees (first_name, last_name, dob, city, salary)
      select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
      from generate_series(1, ${burst}) n`);
    const deletes = await burstOf(
      `delete from employees where emp_id in (select emp_id from employees order by emp_id desc limit ${burst})`,
    );
    say('the usual style');
    const usualRate = await measureUsualStyle(endpoints.kafka.brokers, source, target, USUAL_STYLE_CHANGES);
    await untilEqual(source, target);
    say(`snapshot: ${rows} rows`);
    const snapshotRows = await measureSnapshot(rows, source, target, endpoints);

    const sorted = load.latenciesMs.sort((a, b) => a - b);
    return {
      inserts,
      deletes,
      report: {
        rate: Math.round(made),
        seconds,
        latencyMs: {
          p50: round(percentile(sorted, 0.5)),
          p95: round(percentile(sorted, 0.95)),
          p99: round(percentile(sorted, 0.99)),
          max: round(sorted.at(-1) ?? Number.NaN),
        },
        lost: audit.lost,
        outOfOrder: audit.outOfOrder,
        // The slower of the two kinds.
        catchUpChangesPerSecond: Math.round(Math.min(inserts, deletes)),
        snapshotRowsPerSecond: Math.round(snapshotRows),
        usualStyle: { changesPerSecond: Math.round(usualRate), lost: usualLost },
        // The longest, `null` when the run was too short for any.
        handOverGapMs: gaps.length === 0 ? null : Math.max(...gaps),
      },
    };
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

type Measured = Awaited<ReturnType<typeof measure>>;

function show({ report, inserts, deletes }: Measured): void {
  const { latencyMs, usualStyle } = report;
  console.table({
    'commit in A to visible in B, p50': { value: latencyMs.p50, unit: 'ms' },
    p95: { value: latencyMs.p95, unit: 'ms' },
    p99: { value: latencyMs.p99, unit: 'ms' },
    max: { value: latencyMs.max, unit: 'ms' },
    'lost / out of order': { value: `${report.lost} / ${report.outOfOrder}`, unit: 'changes' },
    'longest gap at a lease transfer': { value: report.handOverGapMs ?? 'none happened', unit: 'ms' },
    'catch-up, inserts': { value: Math.round(inserts), unit: 'changes/s' },
    'catch-up, deletes': { value: Math.round(deletes), unit: 'changes/s' },
    snapshot: { value: report.snapshotRowsPerSecond, unit: 'rows/s' },
    'the usual style': { value: usualStyle.changesPerSecond, unit: 'changes/s' },
    'the usual style, lost': { value: usualStyle.lost, unit: 'changes' },
    'catch-up in terms of the usual style': {
      value: round(report.catchUpChangesPerSecond / usualStyle.changesPerSecond),
      unit: 'times',
    },
  });
}

/** Until both sides hold the same number of employees with the same keys. */
async function untilEqual(source: pg.Pool, target: pg.Pool): Promise<void> {
  const digest = "select count(*) || '/' || coalesce(sum(emp_id), 0) as digest from employees";
  const { rows } = await source.query<{ digest: string }>(digest);
  await eventually(
    async () => {
      const { rows: held } = await target.query<{ digest: string }>(digest);
      return held[0]?.digest === rows[0]?.digest;
    },
    // Each check costs the target a scan of the table.
    { what: 'the target to hold what the source holds', withinMs: 120_000, everyMs: 50 },
  );
}

function readOptions(): Options & { readonly json: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '60' },
      burst: { type: 'string', default: '100000' },
      rows: { type: 'string', default: '100000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const wholeNumber = (name: 'rate' | 'seconds' | 'burst' | 'rows') => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new TypeError(`--${name} must be a whole number from 1, not "${values[name]}".`);
  };
  return {
    rate: wholeNumber('rate'),
    seconds: wholeNumber('seconds'),
    burst: wholeNumber('burst'),
    rows: wholeNumber('rows'),
    json: values.json,
    help: values.help,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    say(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const stack = new TemporaryStack({ onNotice: say });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stack.stop().finally(() => process.exit(130)));
  }
  try {
    const endpoints = await stack.start();
    const measured = await stack.whileUp(measure(options, stack, endpoints));
    show(measured);
    if (options.json) process.stdout.write(`${JSON.stringify(measured.report)}\n`);
    return 0;
  } catch (error) {
    const { message, cause } = error as Error;
    say(`The benchmark failed: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
    return 1;
  } finally {
    await stack.stop();
  }
}

const exitCode = await main();
// After a failure something may still be waiting for what will not come.
if (exitCode !== 0) process.exit(exitCode);
