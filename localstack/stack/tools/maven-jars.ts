import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DirectoryLock } from '../process/directory-lock.ts';
import { runProgram } from '../process/run-program.ts';
import type { PrepareContext } from '../process/server.ts';
import { cacheDirectory } from './cache-directory.ts';
import { findMaven } from './java.ts';

const MAX_ATTEMPTS = 4;
const RETRY_DELAY_MS = 2_000;
const LOCK_POLL_INTERVAL_MS = 200;
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/**
 * Returns the directory with the jars of a `pom.xml`, downloading them if necessary.
 *
 * The directory's name contains the hash of the `pom.xml`. It is filled under another name and then renamed, so that it
 * is always complete, also when several stacks start at the same time or one is killed during the download.
 */
export async function resolveJars(name: string, pomPath: string, context: PrepareContext): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(pomPath))
    .digest('hex')
    .slice(0, 12);
  const target = join(cacheDirectory(), `${name}-${digest}`);
  if (existsSync(target)) return target;
  const maven = findMaven();
  await mkdir(cacheDirectory(), { recursive: true });
  return withCacheLock(context.signal, async () => {
    if (existsSync(target)) return target;
    const partial = `${target}.partial`;
    await rm(partial, { recursive: true, force: true });
    context.onNotice(`Downloading ${name} from Maven Central; this happens only once.`);
    await downloadJars(name, maven, pomPath, partial, context);
    await rename(partial, target);
    return target;
  });
}

async function downloadJars(
  name: string,
  maven: string,
  pomPath: string,
  directory: string,
  { signal, onNotice }: PrepareContext,
): Promise<void> {
  let count = 0;
  const onLine = (line: string) => {
    if (line.includes('Downloaded from') && ++count % 50 === 0) onNotice(`${name}: ${count} files downloaded`);
  };
  // Maven caches failed downloads, and tries them again only with -U.
  const args = [
    '-B',
    '-U',
    '-f',
    pomPath,
    COPY_DEPENDENCIES,
    `-DoutputDirectory=${directory}`,
    '-DincludeScope=runtime',
  ];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runProgram({ file: maven, args }, { signal, onLine });
      return;
    } catch (error) {
      // The next attempt keeps the files that are already downloaded.
      if (attempt === MAX_ATTEMPTS || signal.aborted) throw error;
      onNotice(`Downloading ${name} failed; retrying in ${(attempt * RETRY_DELAY_MS) / 1000} s.`);
      await delay(attempt * RETRY_DELAY_MS, undefined, { signal });
    }
  }
}

/** Only one Maven at a time, because two can corrupt the local repository that they share. */
async function withCacheLock<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const lock = new DirectoryLock(cacheDirectory());
  while (lock.tryAcquire() !== undefined) await delay(LOCK_POLL_INTERVAL_MS, undefined, { signal });
  try {
    return await work();
  } finally {
    lock.release();
  }
}
