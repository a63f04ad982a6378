import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads are kept for all stacks of this user: below `XDG_CACHE_HOME`, or `~/.cache` when that is not set. */
export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'employee-streams');
}
