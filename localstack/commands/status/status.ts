import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attention, findAttention, mayStandStill } from '../../../functions/core/verdict.ts';
import { readEndpoints } from '../../stack/endpoints.ts';
import { printJson, printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, NEEDS_ATTENTION, runCommand } from '../terminal/program.ts';
import type { TargetStatus } from './database-status.ts';
import type { KafkaStatus } from './kafka-status.ts';
import { StackObserver, type StackStatus } from './observer.ts';

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
    const observer = new StackObserver(await readEndpoints(directory), join(directory, 'logs'));
    const { earlier, now } = await observeUntilMoving(observer);
    const attention = findAttention(now.observation, earlier.observation);
    if (json) printJson(toJson(attention, now));
    else print(attention, now);
    // A connection to a server that does not answer could keep the process running.
    process.exit(attention.length === 0 ? 0 : NEEDS_ATTENTION);
  });

/** A second observation shows whether what waits moves. It is not needed when nothing waits. */
async function observeUntilMoving(observer: StackObserver): Promise<{ earlier: StackStatus; now: StackStatus }> {
  const earlier = await observer.observe();
  const deadline = performance.now() + STANDSTILL_MS;
  let now = earlier;
  while (mayStandStill(now.observation, earlier.observation) && performance.now() < deadline) {
    await delay(OBSERVE_EVERY_MS);
    now = await observer.observe();
  }
  return { earlier, now };
}

/** Fields of a server that does not respond are absent. */
function toJson(attention: readonly Attention[], { target, kafka, observation }: StackStatus): object {
  return {
    verdict: attention.length === 0 ? 'well' : 'attention',
    attention,
    ...(target && { totals: target.totals, files: target.files }),
    ...(kafka && { lags: lagsOf(kafka), deadLetters: kafka.deadLetters }),
    ...(observation.backlog !== null && { unpublishedChanges: observation.backlog }),
  };
}

function print(attention: readonly Attention[], { target, kafka }: StackStatus): void {
  if (attention.length === 0) printResult('All is well.');
  for (const { code, subject, message, since } of attention) {
    printResult(
      `Attention: ${subject}${since === null ? '' : `, since ${since.toISOString()}`}\n  ${message} (${code})`,
    );
  }
  if (target) printTarget(target);
  if (kafka) printKafka(kafka);
}

/** By consumer group and topic. */
function lagsOf({ groups }: KafkaStatus): { group: string; topic: string; lag: number }[] {
  return groups.map(({ group, topic, partitions }) => ({
    group,
    topic,
    lag: Number(partitions.reduce((sum, { lag }) => sum + lag, 0n)),
  }));
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

function printKafka(kafka: KafkaStatus): void {
  printTable('Consumer lag in records', lagsOf(kafka));
  printTable('Dead letters', kafka.deadLetters);
}

function printTable(title: string, rows: readonly object[]): void {
  printResult(`\n${title}`);
  if (rows.length === 0) printResult('none');
  else console.table(rows);
}

await runCommand(program);
