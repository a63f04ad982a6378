import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, runCommand } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { runServerless, STACKS } from './run-serverless.ts';
import { collectParameter, requireRegion, requireDeployableStage } from './stage-name.ts';

/** `npm run package`: writes what a deployment of a stage would upload. */
const program = createProgram(
  'npm run package',
  'Writes the templates of both stacks and a package of each function. Needs no credentials.',
)
  .option('--stage <STAGE>', 'a stage of infra/stages.yml', 'dev')
  .option('--region <REGION>', 'where to deploy later', requireRegion)
  .option('--param <NAME=VALUE>', 'another value of a parameter, as often as needed', collectParameter)
  .action(async ({ stage, region, param: parameters = [] }) => {
    const options = { stage: requireDeployableStage(stage), region, parameters };
    const interrupt = new AbortController();
    onInterrupt(() => interrupt.abort(new Error('Interrupted.')));
    await runSteps(
      Object.values(STACKS).map((stack) => ({
        title: `Packaging the ${stack.title}`,
        run: async (report) => {
          await runServerless(stack, ['package'], options, { signal: interrupt.signal, report });
          return undefined;
        },
      })),
    );
    const packages = join(STACKS.functions.directory, '.serverless');
    const zips = (await readdir(packages)).filter((file) => file.endsWith('.zip'));
    const sizes = await Promise.all(zips.map(async (file) => (await stat(join(packages, file))).size));
    const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
    printResult(
      `Packaged stage ${stage}: the templates in infra/data/.serverless and .serverless, and there ${zips.length} packages of ${megabytes.toFixed(1)} MB together.`,
    );
  });

await runCommand(program);
