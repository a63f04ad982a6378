import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram, UsageError, wholeNumber } from '../../localstack/commands/terminal/program.ts';
import { onTemporaryStack, runBenchmark, say } from './benchmark.ts';
import { falseAlarmsSection, openPagesSection, verifyBesideChangesSection } from './operators/beside-changes.ts';
import { pageSection } from './operators/page.ts';
import { redriveSection } from './operators/redrive.ts';
import type { OperatorsSection } from './operators/section.ts';
import { verifySection } from './operators/verify.ts';

/** One after the other on the same stack. The page comes first, because it counts the dead letters of the whole ledger. */
const SECTIONS: readonly OperatorsSection[] = [
  ...[pageSection, redriveSection, verifySection],
  ...[falseAlarmsSection, verifyBesideChangesSection, openPagesSection],
];
const names = (isOptIn: boolean) =>
  SECTIONS.filter((section) => (section.isOptIn ?? false) === isOptIn).map(({ name }) => name);

const program = createProgram(
  'npm run bench:operators',
  'Measures what operators use: the redrive of dead letters, the verification, its repair, and the page.',
)
  .option(
    '--only <SECTION>',
    `one of ${names(false).join(', ')}, or one that runs by its name only: ${names(true).join(', ')}`,
  )
  .option('--minutes <N>', 'how long a section of the latter ones measures', wholeNumber(1), 2)
  .option('--json', 'print the result as one line of JSON after the table')
  .action(async ({ only, minutes, json }) => {
    const sections = SECTIONS.filter(({ name, isOptIn }) => (only === undefined ? !isOptIn : name === only));
    if (sections.length === 0) throw new UsageError(`Expected --only with the name of a section, found "${only}".`);
    const figures = await onTemporaryStack(async (stack, endpoints) => {
      const measured: Record<string, number> = {};
      for (const { name, measure } of sections) {
        say(`section ${name}`);
        Object.assign(measured, await measure(stack, endpoints, { minutes }));
      }
      return measured;
    });
    console.table(figures);
    if (json) printJson(figures);
  });

await runBenchmark(program);
