import { rm } from 'node:fs/promises';
import { type RunningTestStack, runningStackKey } from './servers.ts';

/** Jest's global teardown. `TEST_STACK_KEEP=1` keeps the data and logs, to be inspected after a failure. */
export default async function stopStack(): Promise<void> {
  const running = (globalThis as Record<string, unknown>)[runningStackKey] as RunningTestStack | undefined;
  if (running === undefined) return;
  await running.stop();
  if (process.env['TEST_STACK_KEEP']) process.stderr.write(`Data and logs of the servers: ${running.directory}\n`);
  // A server that was killed may leave processes that write until they notice it.
  else await rm(running.directory, { recursive: true, force: true, maxRetries: 20 });
}
