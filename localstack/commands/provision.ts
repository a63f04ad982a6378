import { openFunctions } from './stage/open-functions.ts';
import { regionOption, stageOption } from './stage/stage-options.ts';
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
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async (choice) => {
    const report = (await (await openFunctions(choice)).invoke('provision', {})) as Report;
    const done = linesOf(report);
    printResult(done.length === 0 ? 'Everything was there already.' : done.join('\n'));
    if (report.mendedCapture.length > 0) printResult('A new snapshot begins by itself within seconds.');
  });

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
