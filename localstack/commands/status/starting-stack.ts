import type { Attention } from '../../../functions/core/verdict.ts';
import { DirectoryLock } from '../../stack/process/directory-lock.ts';

/**
 * What to say while there are no endpoints: the stack's process runs, but its functions are not ready, e.g. because they have
 * crashed and start again. `undefined`: no stack runs in this directory.
 */
export function describeStartingStack(directory: string): Attention | undefined {
  const pid = DirectoryLock.findHolder(directory);
  if (pid === undefined) return undefined;
  const message =
    `npm start (process ${pid}) runs, and its functions do not respond yet: they start, or start again after a crash, which ` +
    'takes some seconds. Nothing is lost meanwhile: run npm run status again, then look at ' +
    `${directory}/logs/functions.log`;
  return {
    code: 'PIPE_SERVER_UNAVAILABLE',
    subject: 'the endpoint of the functions',
    message,
    since: null,
    command: 'npm run status',
  };
}
