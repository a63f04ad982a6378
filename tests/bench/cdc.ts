import { join } from 'node:path';
import pg from 'pg';
import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram, wholeNumber } from '../../localstack/commands/terminal/program.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { onTemporaryStack, runBenchmark, say } from './benchmark.ts';
import { readLeaseTransferGaps } from './cdc/lease-transfers.ts';
import { PollingById } from './cdc/polling-by-id.ts';
import { measureQuietSpell } from './cdc/quiet-spell.ts';
import { measureSnapshot } from './cdc/snapshot-run.ts';
import { runSteadyLoad } from './cdc/steady-load.ts';
import { auditTopic } from './cdc/topic-audit.ts';
import { measureUsualStyle } from './cdc/usual-style.ts';
import { waitUntilEqual } from './cdc/wait-until-equal.ts';
import { percentile, perSecond, round } from './statistics.ts';

const TOPIC = 'employee-changes';
/** Servers and functions compile what they run often. The measurement begins after that. */
const WARM_UP_SECONDS = 15;
const USUAL_STYLE_CHANGES = 3_000;

interface Settings {
  readonly rate: number;
  readonly seconds: number;
  readonly burst: number;
  readonly rows: number;
  /** Seconds without a change; 0: not measured. */
  readonly quiet: number;
}

async function measure(settings: Settings, stack: TemporaryStack, endpoints: StackEndpoints) {
  const { rate, seconds, burst, rows, quiet } = settings;
  const source = new pg.Pool({ connectionString: endpoints.sourceDatabaseUrl, max: 12 });
  const target = new pg.Pool({ connectionString: endpoints.targetDatabaseUrl, max: 4 });
  try {
    // Their arrival shows that poller, event source and applier run.
    await source.query(`insert into employees (first_name) select 'warm ' || n from generate_series(1, 200) n`);
    await waitUntilEqual(source, target);
    say(`warming up: ${rate} changes/s for ${WARM_UP_SECONDS} s`);
    await runSteadyLoad(source, target, rate, WARM_UP_SECONDS);

    say(`steady: ${rate} changes/s for ${seconds} s, while another transaction is open`);
    const held = await source.connect();
    await held.query(`begin; insert into employees (first_name) values ('held open')`);
    const pollingById = new PollingById(source);
    const { actualRate, latenciesMs } = await runSteadyLoad(source, target, rate, seconds);
    await held.query('commit');
    held.release();
    await waitUntilEqual(source, target);
    const lostByPollingById = await pollingById.countLost();
    const audit = await auditTopic(endpoints.kafka.brokers, TOPIC, source);
    const gapsMs = await readLeaseTransferGaps(join(stack.directory, 'logs', 'functions.log'));
    say(`gaps in the reads of the source at lease transfers: ${gapsMs.map((ms) => `${ms} ms`).join(', ')}`);

    if (quiet > 0) say(`a quiet spell of ${quiet} s`);
    const quietSpell = quiet > 0 ? await measureQuietSpell(source, target, quiet) : null;

    say(`burst: ${burst} inserts, then as many deletes`);
    const inserts = await measureBurst(
      source,
      target,
      `insert into employees (first_name, last_name, dob, city, salary)
       select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
       from generate_series(1, ${burst}) n`,
    );
    const deletes = await measureBurst(
      source,
      target,
      `delete from employees where emp_id in (select emp_id from employees order by emp_id desc limit ${burst})`,
    );

    say('the usual style');
    const usualRate = await measureUsualStyle(endpoints.kafka.brokers, source, target, USUAL_STYLE_CHANGES);
    await waitUntilEqual(source, target);

    say(`snapshot: ${rows} rows`);
    const snapshotRows = await measureSnapshot(rows, source, target, endpoints);

    const latency = (share: number) => round(percentile(latenciesMs, share), 1);
    return {
      inserts,
      deletes,
      report: {
        rate: round(actualRate),
        seconds,
        latencyMs: { p50: latency(0.5), p95: latency(0.95), p99: latency(0.99), max: latency(1) },
        lost: audit.lost,
        outOfOrder: audit.outOfOrder,
        // Of inserts and deletes, the slower ones.
        catchUpChangesPerSecond: round(Math.min(inserts, deletes)),
        snapshotRowsPerSecond: round(snapshotRows),
        usualStyle: { changesPerSecond: round(usualRate), lost: lostByPollingById },
        // The longest one; `null` without a transfer.
        handOverGapMs: gapsMs.length === 0 ? null : Math.max(...gapsMs),
        quietSpell,
      },
    };
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

/** @returns changes per second from the commit of one statement until the target has all its changes. */
async function measureBurst(source: pg.Pool, target: pg.Pool, statement: string): Promise<number> {
  const { rowCount } = await source.query(statement);
  const committedAt = performance.now();
  await waitUntilEqual(source, target);
  return perSecond(rowCount ?? 0, performance.now() - committedAt);
}

function show({ report, inserts, deletes }: Awaited<ReturnType<typeof measure>>): void {
  const { latencyMs, usualStyle, quietSpell } = report;
  console.table({
    'commit in A to visible in B, p50': { value: latencyMs.p50, unit: 'ms' },
    p95: { value: latencyMs.p95, unit: 'ms' },
    p99: { value: latencyMs.p99, unit: 'ms' },
    max: { value: latencyMs.max, unit: 'ms' },
    'lost / out of order': { value: `${report.lost} / ${report.outOfOrder}`, unit: 'changes' },
    'longest gap at a lease transfer': { value: report.handOverGapMs ?? 'no transfer', unit: 'ms' },
    ...(quietSpell && {
      'slowest change before the quiet spell': { value: quietSpell.slowestBeforeMs, unit: 'ms' },
      'slowest change after it': { value: quietSpell.slowestAfterMs, unit: 'ms' },
    }),
    'catch-up, inserts': { value: round(inserts), unit: 'changes/s' },
    'catch-up, deletes': { value: round(deletes), unit: 'changes/s' },
    snapshot: { value: report.snapshotRowsPerSecond, unit: 'rows/s' },
    'usual style': { value: usualStyle.changesPerSecond, unit: 'changes/s' },
    'usual style, lost': { value: usualStyle.lost, unit: 'changes' },
    'catch-up compared with the usual style': {
      value: round(report.catchUpChangesPerSecond / usualStyle.changesPerSecond, 1),
      unit: 'times',
    },
  });
}

const program = createProgram('npm run bench:cdc', 'Measures the changes pipeline, and compares it with polling by id.')
  .option('--rate <R>', 'changes per second', wholeNumber(1), 1_000)
  .option('--seconds <S>', 'duration of the steady load', wholeNumber(1), 60)
  .option('--burst <N>', 'changes of the backlog', wholeNumber(1), 100_000)
  .option('--rows <N>', 'rows that only the snapshot can transfer', wholeNumber(1), 100_000)
  .option('--quiet <S>', 'measure the changes after S seconds without any; 0: not measured', wholeNumber(0), 0)
  .option('--json', 'print the result as one line of JSON after the table')
  .action(async ({ json, ...settings }) => {
    const measured = await onTemporaryStack((stack, endpoints) => measure(settings, stack, endpoints));
    show(measured);
    if (json) printJson(measured.report);
  });

await runBenchmark(program);
