import { restoreAwsVariables } from '../stage/aws-variables.ts';
import { confirm } from '../terminal/confirm.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, runCommand } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { AwsAccount } from './account.ts';
import { checkRemoval } from './check-removal.ts';
import { runServerless, STACKS } from './run-serverless.ts';
import { requireDeployableStage } from './stage-name.ts';
import { findAccountId, findRegion } from './whoami.ts';

/** `npm run remove`: deletes the functions of a stage, and its data stack only when asked to. */
const program = createProgram(
  'npm run remove',
  'Deletes the functions of a stage from AWS. With --with-data also Kafka, the network and the databases, of which a snapshot stays; the bucket and the offset table stay too. It is refused, before anything is deleted, while a database or the stack is protected.',
)
  .option('--stage <STAGE>', 'the deployed stage')
  .option('--region <REGION>', 'its region (default: that of your AWS configuration)')
  .option('--with-data', 'also delete the data stack')
  .option('--yes', 'do not ask')
  .action(async ({ stage: name, region: wanted, withData = false, yes = false }) => {
    const stage = requireDeployableStage(name);
    restoreAwsVariables();
    const region = await findRegion(wanted, stage);
    const account = new AwsAccount(region);
    const stacks = withData ? [STACKS.functions, STACKS.data] : [STACKS.functions];
    try {
      const accountId = await findAccountId(account, region);
      const what = stacks.map((stack) => `${stack.name}-${stage}`).join(' and ');
      // Otherwise the functions would be deleted before CloudFormation refuses to delete the data stack.
      const faults = withData ? await checkRemoval(stage, region, account) : [];
      if (faults.length > 0) {
        throw new Error(
          `The data stack of stage ${stage} cannot be deleted. Nothing was deleted.\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
        );
      }
      const question = `Delete ${what} in account ${accountId}, ${region}?`;
      if (!yes && !(await confirm(question, `npm run remove -- --stage ${stage} --yes`))) return;
      const interrupt = new AbortController();
      onInterrupt(() =>
        interrupt.abort(new Error('Interrupted. CloudFormation completes by itself what it has begun.')),
      );
      const existing: (typeof stacks)[number][] = [];
      for (const stack of stacks) {
        if ((await account.stackStatus(`${stack.name}-${stage}`)) !== undefined) existing.push(stack);
      }
      await runSteps(
        existing.map((stack) => ({
          title: `Deleting the ${stack.title}`,
          run: async (report) => {
            await runServerless(
              stack,
              ['remove', '--verbose'],
              { stage, region },
              { signal: interrupt.signal, report },
            );
            return undefined;
          },
        })),
      );
      printResult(existing.length === 0 ? `Stage ${stage} is not deployed in ${region}.` : `Deleted ${what}.`);
    } finally {
      account.close();
    }
  });

await runCommand(program);
