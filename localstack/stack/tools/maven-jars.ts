import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DirectoryLock } from '../process/directory-lock.ts';
import type { PrepareContext } from '../process/server.ts';
import { cacheDirectory } from './cache-directory.ts';
import { findExecutable } from './find-executable.ts';
import { dockerAlternative, installCommand } from './install-hints.ts';
import { digestPom, fetchLockedJars, readJarLock } from './locked-jars.ts';
import { copyDependencies } from './maven.ts';

const MAX_ATTEMPTS = 4;
const RETRY_DELAY_MS = 2_000;
const LOCK_POLL_INTERVAL_MS = 200;

/** Where the jars of a `pom.xml` are, or will be when they are downloaded. */
export async function jarsDirectory(name: string, pomPath: string): Promise<string> {
  return join(cacheDirectory(), `${name}-${await digestPom(pomPath)}`);
}

/**
 * Returns the directory with the jars of a `pom.xml`, downloading them if necessary: those of the lock file beside it, or
 * those that Maven resolves when the lock file is missing or its files cannot be fetched.
 *
 * The directory's name contains the hash of the `pom.xml`. It is filled under another name and then renamed, so that it
 * is always complete, also when several stacks start at the same time or one is killed during the download.
 */
export async function resolveJars(name: string, pomPath: string, context: PrepareContext): Promise<string> {
  const target = await jarsDirectory(name, pomPath);
  if (target.includes(delimiter)) {
    throw new Error(
      `Java cannot load jars from ${target}, because "${delimiter}" separates the paths of a list: ` +
        'set XDG_CACHE_HOME to a directory without it.',
    );
  }
  if (existsSync(target)) return target;
  await mkdir(cacheDirectory(), { recursive: true });
  return withCacheLock(context.signal, async () => {
    if (existsSync(target)) return target;
    const partial = `${target}.partial`;
    await rm(partial, { recursive: true, force: true });
    context.onNotice(`Downloading ${name} from Maven Central; this happens only once.`);
    await download(name, pomPath, partial, context);
    await rename(partial, target);
    return target;
  });
}

async function download(name: string, pomPath: string, directory: string, context: PrepareContext): Promise<void> {
  const lock = await readJarLock(pomPath);
  const failure =
    lock &&
    (await fetchLockedJars(lock, directory, { ...context, name }).then(
      () => undefined,
      (error: Error) => error,
    ));
  context.signal.throwIfAborted();
  if (lock !== undefined && failure === undefined) return;
  const reason = failure === undefined ? `${name} has no lock file` : `${name} could not be downloaded`;
  const detail = failure === undefined ? '' : ` (${failure.message})`;
  if (findExecutable('mvn') === undefined) {
    throw new Error(
      `${reason}${detail}, and there is no mvn on the PATH: check the network and ~/.m2/settings.xml, or ` +
        `${installCommand('maven')}${dockerAlternative}.`,
      { cause: failure },
    );
  }
  context.onNotice(`${reason}${detail}; using Maven instead.`);
  await rm(directory, { recursive: true, force: true });
  await downloadWithMaven(name, pomPath, directory, context);
}

async function downloadWithMaven(
  name: string,
  pomPath: string,
  directory: string,
  { signal, onNotice }: PrepareContext,
): Promise<void> {
  let count = 0;
  const onLine = (line: string) => {
    if (line.includes('Downloaded from') && ++count % 50 === 0) onNotice(`${name}: ${count} files downloaded`);
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await copyDependencies(pomPath, directory, { signal, onLine });
      return;
    } catch (error) {
      // The next attempt keeps the files that are already downloaded.
      if (attempt === MAX_ATTEMPTS || signal.aborted) throw error;
      onNotice(`Downloading ${name} failed; retrying in ${(attempt * RETRY_DELAY_MS) / 1000} s.`);
      await delay(attempt * RETRY_DELAY_MS, undefined, { signal });
    }
  }
}

/** Only one download at a time, because two Mavens can corrupt the local repository that they share. */
async function withCacheLock<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const lock = new DirectoryLock(cacheDirectory());
  while (lock.tryAcquire() !== undefined) await delay(LOCK_POLL_INTERVAL_MS, undefined, { signal });
  try {
    return await work();
  } finally {
    lock.release();
  }
}
