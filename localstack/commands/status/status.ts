import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readEndpoints, type StackEndpoints } from '../../stack/endpoints.ts';
import { printJson, printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, NEEDS_ATTENTION, runCommand } from '../terminal/program.ts';
import type { TargetStatus } from './database-status.ts';
import type { KafkaStatus } from './kafka-status.ts';
import { type Observation, observe } from './observation.ts';
import { type Attention, mayStandStill, needsAttention } from './verdict.ts';

/** Smaller: a batch that takes long counts as standing still. Larger: the command takes longer when something does. */
const STANDSTILL_MS = 5_000;
const OBSERVE_EVERY_MS = 500;

/** `npm run status`: what needs attention, and totals, files, lag and dead letters of the running stack. */
const program = createProgram(
  'npm run status',
  'Shows what needs attention and what mends it, totals, files, lag and dead letters of the running stack.',
)
  .option('--json', 'print one JSON object on one line')
  .addOption(directoryOption())
  .action(async ({ json, directory }) => {
    const { earlier, now } = await observeUntilMoving(await readEndpoints(directory));
    const attention = needsAttention(earlier, now, join(directory, 'logs'));
    if (json) printJson(toJson(attention, now));
    else print(attention, now);
    // A connection to a server that does not answer could keep the process running.
    process.exit(attention.length === 0 ? 0 : NEEDS_ATTENTION);
  });

/** A second observation shows whether what waits moves. It is not needed when nothing waits. */
async function observeUntilMoving(endpoints: StackEndpoints): Promise<{ earlier: Observation; now: Observation }> {
  const earlier = await observe(endpoints);
  const deadline = performance.now() + STANDSTILL_MS;
  let now = earlier;
  while (mayStandStill(earlier, now) && performance.now() < deadline) {
    await delay(OBSERVE_EVERY_MS);
    now = await observe(endpoints);
  }
  return { earlier, now };
}

/** Fields of a server that does not respond are absent. */
function toJson(attention: readonly Attention[], { target, kafka, source }: Observation): object {
  return {
    verdict: attention.length === 0 ? 'well' : 'attention',
    attention,
    ...(target.status === 'fulfilled' && { totals: target.value.totals, files: target.value.files }),
    ...(kafka.status === 'fulfilled' && { lags: kafka.value.lags, deadLetters: kafka.value.deadLetters }),
    ...(source.status === 'fulfilled' && { unpublishedChanges: source.value.backlog }),
  };
}

function print(attention: readonly Attention[], { target, kafka }: Observation): void {
  if (attention.length === 0) printResult('All is well.');
  for (const { code, subject, message, since } of attention) {
    printResult(`Attention: ${subject}${since === null ? '' : `, since ${since}`}\n  ${message} (${code})`);
  }
  if (target.status === 'fulfilled') printTarget(target.value);
  if (kafka.status === 'fulfilled') printKafka(kafka.value);
}

function printTarget({ totals, files }: TargetStatus): void {
  printTable(
    'Totals by department',
    totals.map((row) => ({ ...row, total_salary: BigInt(row.total_salary).toLocaleString('en') })),
  );
  printTable(
    'Files, newest first',
    files.map(({ bucket: _, version: __, end_recorded: ___, ...row }) => row),
  );
}

function printKafka({ lags, deadLetters }: KafkaStatus): void {
  printTable('Consumer lag in records', lags);
  printTable('Dead letters', deadLetters);
}

function printTable(title: string, rows: readonly object[]): void {
  printResult(`\n${title}`);
  if (rows.length === 0) printResult('none');
  else console.table(rows);
}

await runCommand(program);
