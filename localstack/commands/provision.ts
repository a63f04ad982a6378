import { decodeTyped } from '../../functions/core/typed-json.ts';
import type { StageStatus } from '../../functions/ports/dashboard-state.ts';
import type { Functions } from './stage/functions.ts';
import { openFunctions } from './stage/open-functions.ts';
import { commandFor, onStage, regionOption, stageOption } from './stage/stage-options.ts';
import { confirm } from './terminal/confirm.ts';
import { printResult } from './terminal/output.ts';
import { createProgram, directoryOption, runCommand } from './terminal/program.ts';

/** What the function returns. */
interface Report {
  readonly migrations: Readonly<Record<'source' | 'target', readonly string[]>>;
  readonly topics: readonly { readonly topic: string; readonly outcome: string }[];
  readonly mendedCapture: readonly string[];
  /** The statements that created the functions' roles and corrected their privileges. */
  readonly roles: Readonly<Record<'source' | 'target', readonly string[]>>;
}

/** `npm run provision`: creates missing tables, roles and topics of the running stack, and mends the capture of changes. */
const program = createProgram(
  'npm run provision',
  'Creates missing tables, roles and topics of the running stack, and mends the capture of changes.',
)
  .option('--raise-partitions', 'add the partitions that the topics lack, after asking, when no record waits')
  .option('--yes', 'do not ask for confirmation')
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ raisePartitions: isRaise, yes, ...choice }) => {
    const functions = await openFunctions(choice);
    if (isRaise) return raisePartitions(functions, choice.stage, yes);
    const report = (await functions.invoke('provision', {})) as Report;
    const done = linesOf(report);
    printResult(done.length === 0 ? 'Everything was there already.' : done.join('\n'));
    if (report.mendedCapture.length > 0) printResult('A new snapshot begins by itself within seconds.');
  });

/** Records that wait keep their partition, so that a later one of the same key could be consumed first. */
async function raisePartitions(functions: Functions, stage: string | undefined, yes = false): Promise<void> {
  const waiting = await countWaiting(functions);
  if (waiting > 0n) {
    throw new Error(
      `Expected that nothing waits, found ${waiting} changes and records: stop what writes, and repeat this when ` +
        `"${commandFor('npm run status', stage)}" shows none.`,
    );
  }
  const question = `Add partitions to the topics${onStage(stage)}? Keys then change their partition.`;
  if (!yes && !(await confirm(question, commandFor('npm run provision -- --raise-partitions --yes', stage)))) {
    printResult('Cancelled: nothing was changed.');
    return;
  }
  const { raised } = (await functions.invoke('provision', { raisePartitions: true })) as { raised: readonly string[] };
  const done = raised.map((topic) => `topic ${topic} has more partitions`);
  printResult(done.length === 0 ? 'The topics have as many partitions as TOPIC_PARTITIONS says.' : done.join('\n'));
}

/** Captured changes that are not published, and records that are not consumed. */
async function countWaiting(functions: Functions): Promise<bigint> {
  const { observation } = decodeTyped(await functions.invoke('dashboard', { operation: 'status' })) as StageStatus;
  const { backlog, groups } = observation;
  if (backlog === null || groups === null)
    throw new Error('Expected to know what waits, but a server does not answer.');
  return groups.flatMap(({ partitions }) => partitions).reduce((sum, { lag }) => sum + lag, BigInt(backlog));
}

function linesOf({ migrations, topics, mendedCapture, roles }: Report): string[] {
  return [
    ...Object.entries(migrations).flatMap(([database, names]) =>
      names.map((name) => `migration ${name} applied to the ${database} database`),
    ),
    ...topics.filter(({ outcome }) => outcome === 'created').map(({ topic }) => `topic ${topic} created`),
    ...mendedCapture.map((what) => `capture mended: ${what}`),
    ...Object.entries(roles).flatMap(([database, statements]) =>
      statements.map((statement) => `${database} database: ${statement}`),
    ),
  ];
}

await runCommand(program);
