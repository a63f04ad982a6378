import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attention, findAttention, mayStandStill } from '../../../functions/core/verdict.ts';
import { readEndpoints } from '../../stack/endpoints.ts';
import { openFunctions } from '../stage/open-functions.ts';
import { regionOption, stageOption } from '../stage/stage-options.ts';
import { printJson, printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, NEEDS_ATTENTION, runCommand, UsageError } from '../terminal/program.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { StackObserver } from './observer.ts';
import { renderStatus } from './render-status.ts';
import { type RenderOptions, renderVerdict } from './render-verdict.ts';
import { type StackStatus, toJson } from './stack-status.ts';
import { describeStartingStack } from './starting-stack.ts';
import { attentionOf, StageObserver } from './stage-observer.ts';
import { watchStage, watchStatus } from './watch-status.ts';

/** Smaller: a batch that takes long counts as standing still. Larger: the command takes longer when something does. */
const STANDSTILL_MS = 5_000;
const OBSERVE_EVERY_MS = 500;

/** `npm run status`: what needs attention and what helps, changes, replica, totals, files and dead letters. */
const program = createProgram(
  'npm run status',
  'Shows what needs attention and what helps, and the state of the running stack. Exit code 1: something needs attention.',
)
  .option('--watch', 'show it again each second, until Ctrl-C')
  .option('--json', 'print one JSON object on one line')
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ watch, json = false, ...choice }) => {
    if (watch && !json && !process.stdout.isTTY) {
      throw new UsageError('Expected a terminal for --watch, found none: add --json for a line each second.');
    }
    const { stage, directory } = choice;
    const logDirectory = join(directory, 'logs');
    if (stage === undefined && watch) await watchStatus(directory, logDirectory, json);
    const observer =
      stage === undefined
        ? await openLocal(directory, logDirectory, json)
        : new StageObserver(await openFunctions(choice));
    if (stage !== undefined && watch) await watchStage(observer, stage, json);
    const { earlier, now } = await observeUntilMoving(observer);
    const found = findAttention(now.observation, earlier.observation);
    const attention = stage === undefined ? found : attentionOf(stage, found);
    if (json) printJson(toJson(attention, now));
    else printResult(renderStatus({ status: now, attention, handedOverAt: null }, renderOptions(now.observation.at)));
    // A connection to a server that does not answer could keep the process running.
    process.exit(attention.length === 0 ? 0 : NEEDS_ATTENTION);
  });

async function openLocal(directory: string, logDirectory: string, json: boolean): Promise<StackObserver> {
  const endpoints = await readEndpoints(directory).catch((error: Error) => {
    const starting = describeStartingStack(directory);
    if (starting === undefined) throw error;
    return reportStarting(starting, json);
  });
  return StackObserver.open(endpoints, logDirectory);
}

function reportStarting(starting: Attention, json: boolean): never {
  if (json) printJson({ verdict: 'attention', attention: [starting] });
  else printResult(renderVerdict([starting], renderOptions(new Date())));
  process.exit(NEEDS_ATTENTION);
}

function renderOptions(now: Date): RenderOptions {
  return { paint: paintFor(process.stdout), width: widthOf(process.stdout), now };
}

/** A second observation shows whether what waits moves. It is not needed when nothing waits. */
async function observeUntilMoving(
  observer: Pick<StackObserver, 'observe'>,
): Promise<{ earlier: StackStatus; now: StackStatus }> {
  const earlier = await observer.observe();
  const deadline = performance.now() + STANDSTILL_MS;
  let now = earlier;
  while (mayStandStill(now.observation, earlier.observation) && performance.now() < deadline) {
    await delay(OBSERVE_EVERY_MS);
    now = await observer.observe();
  }
  return { earlier, now };
}

await runCommand(program);
