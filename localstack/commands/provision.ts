import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { FunctionInvoker } from '../stack/service/function-invoker.ts';
import { stackDirectory } from '../stack/user-path.ts';
import { DIRECTORY_USAGE, directoryOption, runCommand } from './run-command.ts';

const USAGE = `npm run provision [-- --directory DIR]
${DIRECTORY_USAGE}`;

/** The name that serverless-offline serves the function under. */
const FUNCTION_NAME = 'employee-streams-local-provision';

/** What the function returns. */
interface Report {
  readonly migrations: Readonly<Record<'source' | 'target', readonly string[]>>;
  readonly topics: readonly { readonly topic: string; readonly outcome: string }[];
  readonly mendedCapture: readonly string[];
}

/** `npm run provision`: creates missing tables and topics of the running stack, and mends the capture of changes. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({ args, options: { directory: directoryOption } });
  const { lambda } = await readEndpoints(stackDirectory(values.directory));
  const report = (await new FunctionInvoker(lambda.endpoint).invoke(FUNCTION_NAME, {})) as Report;
  const done = [
    ...Object.entries(report.migrations).flatMap(([database, names]) =>
      names.map((name) => `migration ${name} applied to the ${database} database`),
    ),
    ...report.topics.filter(({ outcome }) => outcome === 'created').map(({ topic }) => `topic ${topic} created`),
    ...report.mendedCapture.map((what) => `capture mended: ${what}`),
  ];
  console.log(done.length === 0 ? 'Everything was there already.' : done.join('\n'));
  if (report.mendedCapture.length > 0) console.log('A new snapshot begins by itself within seconds.');
});
