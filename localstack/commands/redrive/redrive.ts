import { setTimeout as delay } from 'node:timers/promises';
import { readWhileRunning } from '../read-while-running.ts';
import { openFunctions, type StackChoice } from '../stage/open-functions.ts';
import { commandFor, onStage, regionOption, stageOption } from '../stage/stage-options.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatNumber } from '../terminal/figures.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printJson, printProgress, printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, NEEDS_ATTENTION, runCommand, wholeNumber } from '../terminal/program.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { RedriveFunction, type ShownRedrive } from './redrive-function.ts';
import { countOf, needsAttention, renderFilter, renderOutcome, renderPlan, renderProgress } from './render-redrive.ts';

const POLL_INTERVAL_MS = 500;
/** Smaller: a log without a terminal fills with lines. */
const PROGRESS_INTERVAL_MS = 2_000;

const options = () => ({ paint: paintFor(process.stdout), width: widthOf(process.stdout) });
const several = (value: string, previous: readonly string[] = []) => [...previous, value];

/** `npm run redrive`: publishes dead letters to the topics that they came from, and shows what became of each. */
const program = createProgram(
  'npm run redrive',
  'Publishes open dead letters to their topics again, after asking, and shows what became of each.',
)
  .enablePositionalOptions()
  .option('--topic <TOPIC>', 'those of one dead-letter topic')
  .option('--code <CODE>', 'those with this code; may be repeated', several)
  .option('--key <KEY>', 'those of the records with this key, e.g. of one employee')
  .option('--file <KEY>', 'those of one file, by its key in the bucket')
  .option('--id <ID>', 'this dead letter, also when it is parked; may be repeated', several)
  .option('--dry-run', 'say what would be published, and change nothing', false)
  .option('--rate <R>', 'dead letters a second (default: as many as possible)', wholeNumber(1))
  .option('--note <TEXT>', 'why; kept with the redrive')
  .option('--yes', 'do not ask for confirmation', false)
  .option('--json', 'print one JSON object on one line', false)
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ topic, code, key, file, id, dryRun, rate, note, yes, json, ...choice }) => {
    const redrive = new RedriveFunction(await openFunctions(choice));
    const filter = { topic, codes: code, key, file, ids: id };
    const counts = await redrive.count(filter);
    const total = countOf(counts);
    if (!json && total > 0) printResult(renderPlan(counts, options()));
    // On the standard error, so that a program that reads the JSON has it in its log too.
    if (total > 0) printProgress(renderFilter(filter, total));
    if (total === 0 || dryRun) {
      if (json) printJson({ dryRun, counts, redrive: null });
      else
        printResult(
          total === 0 ? 'No open dead letter matches.' : `${formatNumber(total, 'dead letter')} would be published.`,
        );
      return;
    }
    const question = `Publish ${formatNumber(total, 'dead letter')} again${onStage(choice.stage)}?`;
    if (!yes && !(await confirm(question, commandFor('npm run redrive -- --yes', choice.stage)))) {
      printNone('Cancelled: nothing was published.', json);
      return;
    }
    const planned = await redrive.plan(filter, note ?? null, rate ?? null);
    if (planned === null) {
      printNone('No open dead letter matches any more.', json);
      return;
    }
    const done = onInterrupt(() =>
      printProgress(
        `Redrive ${planned.redriveId} goes on without this command. ` +
          `"${commandFor('npm run redrive -- show', choice.stage)}" shows it, ` +
          `"${commandFor('npm run redrive -- cancel', choice.stage)}" stops it.`,
      ),
    );
    await redrive.run(planned.redriveId);
    const outcome = await untilFinished(redrive, planned, choice);
    done();
    print(outcome, json);
  });

program
  .command('show')
  .description('Shows the latest redrive.')
  .option('--json', 'print one JSON object on one line', false)
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ json, ...choice }) => {
    const latest = await new RedriveFunction(await openFunctions(choice)).show();
    if (latest === null) printNone('Nothing was redriven yet.', json);
    else if (latest.finishedAt === null && !json)
      printResult(`Redrive ${latest.redriveId}: ${renderProgress(latest)}.`);
    else print(latest, json);
  });

program
  .command('cancel')
  .description('Stops the redrive in progress. What is published stays published, and its outcome is still decided.')
  .option('--json', 'print one JSON object on one line', false)
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ json, ...choice }) => {
    const redrive = new RedriveFunction(await openFunctions(choice));
    const latest = await redrive.show();
    if (latest === null || !['planned', 'running'].includes(latest.state)) {
      if (json) printJson({ redrive: latest });
      else printResult('No redrive is in progress.');
      return;
    }
    const canceled = await redrive.cancel();
    if (json) printJson({ redrive: canceled });
    else printResult(`Redrive ${latest.redriveId} is cancelled: ${renderProgress(latest)}.`);
  });

async function untilFinished(
  redrive: RedriveFunction,
  planned: ShownRedrive,
  choice: StackChoice,
): Promise<ShownRedrive> {
  let shown = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const state = (await readWhileRunning(() => redrive.show(planned.redriveId), choice)) ?? planned;
    if (state.finishedAt !== null) return state;
    const line = renderProgress(state);
    if (line !== shown && performance.now() - shownAt > PROGRESS_INTERVAL_MS) {
      printProgress(line);
      shown = line;
      shownAt = performance.now();
    }
    await delay(POLL_INTERVAL_MS);
  }
}

/** Says that there is no redrive. */
function printNone(text: string, json: boolean): void {
  if (json) printJson({ redrive: null });
  else printResult(text);
}

function print(redrive: ShownRedrive, json: boolean): void {
  if (json) printJson({ redrive });
  else printResult(renderOutcome(redrive, options()));
  if (needsAttention(redrive)) process.exitCode = NEEDS_ATTENTION;
}

await runCommand(program);
