import { Option } from '@commander-js/extra-typings';
import type { LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import { commandFor, onStage, regionOption, stageOption } from '../stage/stage-options.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatNumber } from '../terminal/figures.ts';
import { printJson, printResult } from '../terminal/output.ts';
import {
  createProgram,
  directoryOption,
  errorMessage,
  NEEDS_ATTENTION,
  runCommand,
  wholeNumber,
} from '../terminal/program.ts';
import { paintFor, printable, widthOf } from '../terminal/style.ts';
import { filterOf, requireKnownCode, STATE_CHOICES, timeOf } from './filter.ts';
import { discardAll, discardedText, unknownDeadLetter } from './discard.ts';
import { formatEntry } from './format-entry.ts';
import { formatList, type View } from './format-list.ts';
import { withDeadLetters } from './dead-letter-access.ts';

const NAME = 'npm run dead-letters';
const DEFAULT_LIMIT = 50;

const json = () => new Option('--json', 'print one JSON object on one line');

/** `npm run dead-letters`: lists, shows and discards records, rows and files that failed. */
const program = createProgram(NAME, 'Lists the records, rows and files that failed, and what became of them.');

program
  .command('list', { isDefault: true })
  .description('those that wait for an operator, the latest failure first')
  .option('--code <CODE>', 'with this code or violated rule')
  .option('--key <KEY>', 'of records with this key, such as an emp_id')
  .option('--file <KEY>', 'of this object of the bucket')
  .option('--topic <TOPIC>', 'on this dead-letter topic, or from this topic')
  .addOption(
    new Option('--since <TIME>', 'that failed last at or after this time, such as 2h or 2026-11-26T10:00Z').argParser(
      timeOf,
    ),
  )
  .addOption(new Option('--until <TIME>', 'that failed last before this time').argParser(timeOf))
  .addOption(new Option('--state <STATE>', 'in this state (default: open and parked)').choices(STATE_CHOICES))
  .addOption(new Option('--limit <N>', 'at most so many').argParser(wholeNumber(1)).default(DEFAULT_LIMIT))
  .addOption(json())
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ json: asJson, directory, stage, region, limit, ...options }) => {
    const filter = filterOf(options);
    await withDeadLetters({ directory, stage, region }, async (ledger) => {
      if (options.code !== undefined) await requireKnownCode(ledger, options.code);
      const [entries, counts] = await Promise.all([ledger.list(filter, limit), ledger.count(filter)]);
      if (asJson) printJson({ deadLetters: entries, counts });
      else printResult(formatList({ entries, counts }, view(stage)));
    });
  });

program
  .command('show')
  .description('all that is known of one, with the first 4 KB of its payload')
  .argument('<ID>', 'its id, as in the list')
  .addOption(json())
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async (id, { json: asJson, ...choice }) => {
    const { entry, envelope, unread } = await withDeadLetters(choice, async (ledger, readDeadLetter) => {
      const found = await ledger.find(id);
      if (found === null) throw unknownDeadLetter(id);
      // The ledger's entry is worth showing also when Kafka does not answer.
      const payload = await readDeadLetter(found).then(
        (read) => ({ envelope: read, unread: undefined }),
        (error: unknown) => ({ envelope: null, unread: errorMessage(error) }),
      );
      return { entry: found, ...payload };
    });
    if (asJson) printJson({ ...entry, envelope, unread });
    else printResult(formatEntry(entry, envelope, { now: new Date(), paint: paintFor(process.stdout), unread }));
    if (unread !== undefined) process.exitCode = NEEDS_ATTENTION;
  });

program
  .command('discard')
  .description('gives some up: no redrive takes them any more; their records stay in Kafka for 30 days')
  .argument('<ID...>', 'their ids, as in the list')
  .option('--yes', 'do not ask for confirmation', false)
  .addOption(json())
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async (ids, { yes, json: asJson, ...choice }) => {
    const { stage } = choice;
    const isConfirmed = async (entries: readonly LedgerEntry[]) =>
      yes || confirm(question(entries, stage), commandFor(`${NAME} -- discard ID --yes`, stage));
    const outcomes = await withDeadLetters(choice, (ledger) => discardAll(ledger, ids, isConfirmed));
    const [first, ...others] = outcomes;
    if (asJson) printJson(first !== undefined && others.length === 0 ? first : { deadLetters: outcomes });
    else printResult(outcomes.map(discardedText).join('\n'));
    if (outcomes.some(({ state }) => state !== 'discarded')) process.exitCode = NEEDS_ATTENTION;
  });

function question(entries: readonly LedgerEntry[], stage: string | undefined): string {
  const [{ id, code }] = entries as readonly [LedgerEntry];
  return entries.length === 1
    ? `Give up ${printable(id)} (${code})${onStage(stage)}?`
    : `Give up ${formatNumber(entries.length, 'dead letter')}${onStage(stage)}?`;
}

function view(stage: string | undefined): View {
  return { now: new Date(), paint: paintFor(process.stdout), width: widthOf(process.stdout), stage };
}

await runCommand(program);
