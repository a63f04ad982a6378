import { restoreAwsVariables } from '../stage/aws-variables.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, runCommand } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { AwsAccount } from './account.ts';
import { examine } from './preflight.ts';
import { runServerless, STACKS } from './run-serverless.ts';
import { collectParameter, requireDeployableStage } from './stage-name.ts';
import { readTemplate } from './template.ts';
import { findAccountId, findRegion } from './whoami.ts';

/** `npm run deploy`: deploys both stacks of a stage, or refuses before anything is made. */
const program = createProgram(
  'npm run deploy',
  'Deploys a stage to AWS: first the data stack, then the functions. Refuses before anything is made when the account, the region or a parameter cannot work.',
)
  .option('--stage <STAGE>', 'the stage, e.g. dev or prod; infra/stages.yml has its parameters and what it costs')
  .option('--region <REGION>', 'where to deploy (default: that of your AWS configuration)')
  .option('--param <NAME=VALUE>', 'another value of a parameter, as often as needed', collectParameter)
  .option('--dry-run', 'only check whether the stage can be deployed')
  .action(async ({ stage: name, region: wanted, param: parameters = [], dryRun = false }) => {
    const stage = requireDeployableStage(name);
    restoreAwsVariables();
    const region = await findRegion(wanted, stage);
    const account = new AwsAccount(region);
    const interrupt = new AbortController();
    onInterrupt(() => interrupt.abort(new Error('Interrupted. CloudFormation completes by itself what it has begun.')));
    const options = { stage, region, parameters };
    const run = (stack: typeof STACKS.data, command: readonly [string, ...string[]]) => ({
      title: `${command[0] === 'package' ? 'Packaging' : 'Deploying'} the ${stack.title}`,
      run: async (report: (line: string) => void) => {
        await runServerless(stack, command, options, { signal: interrupt.signal, report });
        return undefined;
      },
    });
    try {
      const accountId = await findAccountId(account, region);
      await runSteps([
        run(STACKS.data, ['package']),
        run(STACKS.functions, ['package']),
        {
          title: `Checking account ${accountId} in ${region}`,
          run: () => check(stage, { accountId, region }, account, parameters),
        },
        ...(dryRun
          ? []
          : [
              // What was packaged and checked is what is deployed.
              run(STACKS.data, ['deploy', '--package', '.serverless', '--verbose']),
              // Forced, because addresses of the data stack may have changed although the template has not.
              run(STACKS.functions, ['deploy', '--package', '.serverless', '--verbose', '--force']),
            ]),
      ]);
    } finally {
      account.close();
    }
    printResult(
      dryRun
        ? `Stage ${stage} can be deployed in ${region}. Nothing was made.`
        : `Stage ${stage} is deployed in ${region}. Its alarms are published to the topic employee-streams-${stage}-alarms of SNS: subscribe to it.`,
    );
  });

async function check(
  stage: string,
  place: { readonly accountId: string; readonly region: string },
  account: AwsAccount,
  parameters: readonly string[],
): Promise<string | undefined> {
  const [data, functions] = await Promise.all([
    readTemplate(STACKS.data.directory),
    readTemplate(STACKS.functions.directory),
  ]);
  const { faults, unchecked } = await examine({ stage, place, data, functions, parameters }, account);
  if (faults.length > 0) {
    throw new Error(
      `Stage ${stage} cannot be deployed. Nothing was made.\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
    );
  }
  return unchecked.length === 0 ? undefined : `not checked: ${unchecked.join('; ')}`;
}

await runCommand(program);
