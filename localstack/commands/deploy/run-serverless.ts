import { join } from 'node:path';
import { runProgram } from '../../stack/process/run-program.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'node_modules/serverless/bin/serverless.js');

export interface Stack {
  /** Of its CloudFormation stack, without the stage. */
  readonly name: string;
  readonly title: string;
  readonly directory: string;
}

/** In the order in which they are deployed: the functions take addresses from the data stack. */
export const STACKS: { readonly data: Stack; readonly functions: Stack } = {
  data: { name: 'employee-streams-data', title: 'data stack', directory: join(ROOT, 'infra/data') },
  functions: { name: 'employee-streams', title: "functions' stack", directory: ROOT },
};

export interface StageOptions {
  readonly stage: string;
  readonly region?: string | undefined;
  /** Such as `bucket=NAME`. */
  readonly parameters?: readonly string[];
}

/** Runs Serverless for a stack until it exits. Each line of its output is reported, without colours. */
export async function runServerless(
  stack: Stack,
  [command, ...args]: readonly [string, ...string[]],
  { stage, region, parameters = [] }: StageOptions,
  { signal, report }: { readonly signal: AbortSignal; readonly report: (line: string) => void },
): Promise<void> {
  await runProgram(
    {
      file: process.execPath,
      args: [
        PROGRAM,
        ...[command, ...args, '--stage', stage],
        ...(region === undefined ? [] : ['--region', region]),
        ...parameters.map((parameter) => `--param=${parameter}`),
      ],
      cwd: stack.directory,
      // The user's own: credentials, profile and proxy.
      env: { ...process.env, NO_COLOR: '1', SLS_NOTIFICATIONS_MODE: 'off' },
    },
    { signal, onLine: (line) => line.trim() !== '' && report(line.trim()) },
  ).catch((error: Error) => {
    signal.throwIfAborted();
    throw new Error(`Serverless could not ${command} the ${stack.title}: ${reasonIn(error.message)}`);
  });
}

/** What Serverless prints around the reason of an error. */
const AROUND = /^(Environment|Docs|Error|Learn more[^:]*|Warning):?(\s|$)|^$/;

/** The reason in what Serverless printed at last, without its own frame. */
function reasonIn(message: string): string {
  const output = message.replace(/^.*?Its last output:\n/s, '');
  const lines = output.split('\n').filter((line) => !AROUND.test(line.trim()));
  return lines.join('\n').trim() || output;
}
