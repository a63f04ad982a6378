import { readEndpoints } from '../../stack/endpoints.ts';
import { PageServer } from '../../stack/service/page-server.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, runCommand, wholeNumber } from '../terminal/program.ts';
import { restoreAwsVariables } from '../stage/aws-variables.ts';
import { regionOption, stageOption } from '../stage/stage-options.ts';
import { findDeployedPage } from './deployed-page.ts';
import { signedPage } from './signed-page.ts';

/** `npm run dashboard`: where the operators' page of the running stack is; with a stage, serves that of AWS. */
const program = createProgram(
  'npm run dashboard',
  "Prints the address of the operators' page of the running stack. With --stage, serves the page of a deployed stage on the loopback address, and signs the requests with your AWS credentials.",
)
  .addOption(stageOption())
  .addOption(regionOption())
  .option('--port <PORT>', 'where to serve the page of a stage; 0 for any free port', wholeNumber(0), 3_100)
  .addOption(directoryOption())
  .action(async ({ stage, region, port, directory }) => {
    if (stage === undefined) return printLocalAddress(directory);
    restoreAwsVariables();
    const page = await findDeployedPage(stage, region);
    const server = new PageServer(signedPage(page), (message) => console.error(message));
    printResult(`The page of stage ${stage} is at ${await server.listen(port)}, until Ctrl-C.`);
  });

async function printLocalAddress(directory: string): Promise<void> {
  const { dashboardUrl } = await readEndpoints(directory);
  if (dashboardUrl === null) throw new Error('This stack has no page: stop it and run "npm start".');
  printResult(dashboardUrl);
}

await runCommand(program);
