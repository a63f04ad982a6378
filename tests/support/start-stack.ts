import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStack } from '../../localstack/stack/local-stack.ts';
import { createTemplateDatabases } from './migrated-database.ts';
import { endpointsVariable, type RunningTestStack, runningStackKey } from './servers.ts';

/**
 * Jest's global setup: starts the servers for all integration tests, on free ports and in a temporary directory, so that
 * they do not interfere with a running stack.
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
    await createTemplateDatabases();
  } catch (error) {
    // Jest does not print causes.
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The servers of the integration tests did not start: ${reason}\n${notices.join('\n')}`);
  }
  const running: RunningTestStack = { directory, stop: () => stack.stop() };
  Object.assign(globalThis, { [runningStackKey]: running });
}
