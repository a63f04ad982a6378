import { formatDuration } from './figures.ts';
import { printProgress } from './output.ts';

/** A step of a command. */
export interface Step {
  readonly title: string;
  /** Does the step, and reports its progress line by line. What it returns is added to the title. */
  run(report: (line: string) => void): Promise<string | undefined>;
}

/**
 * Runs one step after another, and shows on the standard error which one is running and what it reports: in a terminal on
 * lines that are replaced, otherwise line by line.
 *
 * @throws the error of a step; the steps after it do not run.
 */
export async function runSteps(steps: readonly Step[], isTerminal = process.stderr.isTTY === true): Promise<void> {
  if (isTerminal) await runOnScreen(steps);
  else await runLineByLine(steps);
}

async function runLineByLine(steps: readonly Step[]): Promise<void> {
  for (const { title, run } of steps) {
    printProgress(title);
    const startedAt = performance.now();
    const result = await run((line) => printProgress(`  ${line}`));
    printProgress(`  done after ${formatDuration(performance.now() - startedAt)}${result ? `: ${result}` : ''}`);
  }
}

async function runOnScreen(steps: readonly Step[]): Promise<void> {
  // Only a command that shows steps waits for the package to load.
  const { Listr, ListrLogger, PRESET_TIMER, ProcessOutput } = await import('listr2');
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const tasks = steps.map(({ title, run }) => ({
    title,
    task: async (_: unknown, task: { title: string; output: string }) => {
      const result = await run((line) => {
        task.output = line;
      });
      if (result) task.title = `${title}: ${result}`;
    },
  }));
  await new Listr(tasks, {
    // The command itself ends after Ctrl-C, and prints errors.
    registerSignalListeners: false,
    rendererOptions: { logger, timer: PRESET_TIMER, showErrorMessage: false },
  }).run();
}
