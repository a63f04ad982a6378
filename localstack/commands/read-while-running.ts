import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointsPath } from '../stack/endpoints.ts';
import type { StackChoice } from './stage/open-functions.ts';

/** A crashed server is running again within seconds. */
const OUTAGE_MS = 20_000;
const RETRY_INTERVAL_MS = 250;

/**
 * Reads from a server of the running stack, and retries while the stack restarts it. Of a deployed stage, the client of AWS
 * retries.
 *
 * @throws when the stack has stopped, or the server stays unavailable, because the wait could then never end.
 */
export async function readWhileRunning<Result>(
  read: () => Promise<Result>,
  { stage, directory }: StackChoice,
  outageMs = OUTAGE_MS,
): Promise<Result> {
  if (stage !== undefined) return read();
  const deadline = performance.now() + outageMs;
  for (;;) {
    try {
      return await read();
    } catch (cause) {
      if (existsSync(endpointsPath(directory)) && performance.now() < deadline) {
        await delay(RETRY_INTERVAL_MS);
        continue;
      }
      throw new Error(
        `The stack of ${directory} stopped while this command waited (${(cause as Error).message || (cause as Error).name}). ` +
          'The request remains: "npm start" continues it.',
        { cause },
      );
    }
  }
}
