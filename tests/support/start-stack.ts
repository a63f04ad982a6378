import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStack } from '../../localstack/stack/local-stack.ts';
import { endpointsVariable, type RunningTestStack, runningStackKey } from './servers.ts';

/**
 * Starts the servers once for all integration tests, on free ports and with data of their own, so that it disturbs
 * nothing that runs on this machine.
 */
export default async function startStack(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'employee-streams-test-'));
  const notices: string[] = [];
  const stack = new LocalStack({
    directory,
    ports: 'free',
    onNotice: (line) => notices.push(line),
    onFatal: (error) => process.stderr.write(`${error.message}\n`),
  });
  try {
    process.env[endpointsVariable] = JSON.stringify(await stack.start());
  } catch (error) {
    // Jest shows no cause.
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The servers for the integration tests did not start: ${why}\n${notices.join('\n')}`);
  }
  const running: RunningTestStack = { directory, stop: () => stack.stop() };
  Object.assign(globalThis, { [runningStackKey]: running });
}
