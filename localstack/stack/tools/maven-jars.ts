import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DirectoryLock } from '../process/directory-lock.ts';
import { runProgram } from '../process/run-program.ts';
import type { PrepareContext } from '../process/server.ts';
import { findMaven } from './java.ts';

const fetchAttempts = 4;
const retryDelayMs = 2_000;
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Where downloads are kept for all stacks of this user: `XDG_CACHE_HOME`, else `~/.cache`. */
export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'employee-streams');
}

/**
 * Gives the directory with the jars that a `pom.xml` names, and fetches them when they are not there yet.
 *
 * The directory is named after the file's content, is filled aside and renamed: it is complete or absent, whoever starts
 * at the same time and whatever is killed on the way.
 */
export async function resolveJars(name: string, pomPath: string, context: PrepareContext): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(pomPath))
    .digest('hex')
    .slice(0, 12);
  const target = join(cacheDirectory(), `${name}-${digest}`);
  if (await exists(target)) return target;
  const maven = await findMaven();
  await mkdir(cacheDirectory(), { recursive: true });
  return withCacheLock(context.signal, async () => {
    if (await exists(target)) return target;
    const aside = `${target}.partial`;
    await rm(aside, { recursive: true, force: true });
    context.onNotice(`Fetching the jars of ${name} from Maven Central; this happens once.`);
    await fetchJars(name, maven, pomPath, aside, context);
    await rename(aside, target);
    return target;
  });
}

async function fetchJars(
  name: string,
  maven: string,
  pomPath: string,
  directory: string,
  { signal, onNotice }: PrepareContext,
): Promise<void> {
  let count = 0;
  const onLine = (line: string) => {
    if (line.includes('Downloaded from') && ++count % 50 === 0) onNotice(`${name}: ${count} files fetched`);
  };
  // Maven remembers that a file could not be had, and asks for it again only when told to (-U).
  const args = ['-B', '-U', '-f', pomPath, plugin, `-DoutputDirectory=${directory}`, '-DincludeScope=runtime'];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runProgram({ file: maven, args }, { signal, onLine });
      return;
    } catch (error) {
      // A connection that breaks is not the end of it: what has come is kept, and the next attempt goes on from there.
      if (attempt === fetchAttempts || signal.aborted) throw error;
      onNotice(`Fetching the jars of ${name} failed; trying again in ${attempt * retryDelayMs} ms.`);
      await delay(attempt * retryDelayMs, undefined, { signal });
    }
  }
}

/** Two Mavens at once can spoil the repository that they share. */
async function withCacheLock<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const lock = new DirectoryLock(cacheDirectory());
  while (lock.tryAcquire() !== undefined) await delay(200, undefined, { signal });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
