import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PrepareContext } from '../process/server.ts';
import { fetchFile, findMavenRepository, type LockedFile, sha256 } from './maven-repository.ts';

const PARALLEL_DOWNLOADS = 6;
const PROGRESS_INTERVAL_MS = 5_000;
const MEGABYTE = 1_000_000;

/** The files that Maven resolves for a `pom.xml`, in `jars.lock.json` beside it. */
export interface JarLock {
  /** Digest of the `pom.xml` that the lock was written for. */
  readonly pom: string;
  readonly files: readonly LockedFile[];
}

/** The digest of a `pom.xml`, which does not depend on line ends. */
export async function digestPom(pomPath: string): Promise<string> {
  const text = await readFile(pomPath, 'utf8');
  return sha256(text.replaceAll('\r\n', '\n')).slice(0, 12);
}

export function jarLockPath(pomPath: string): string {
  return join(pomPath, '..', 'jars.lock.json');
}

/** @returns undefined when there is no lock, or when the `pom.xml` was changed after the lock was written. */
export async function readJarLock(pomPath: string): Promise<JarLock | undefined> {
  const text = await readFile(jarLockPath(pomPath), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lock = JSON.parse(text) as JarLock;
  return lock.pom === (await digestPom(pomPath)) ? lock : undefined;
}

/** Fetches all files of the lock into the directory, without Maven. @throws when one of them cannot be fetched. */
export async function fetchLockedJars(
  { files }: JarLock,
  directory: string,
  { name, signal, onNotice }: PrepareContext & { readonly name: string },
  repository = findMavenRepository(),
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const failing = new AbortController();
  const options = { repository, signal: AbortSignal.any([signal, failing.signal]) };
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let fetchedBytes = 0;
  const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE);
  const progress = setInterval(
    () => onNotice(`${name}: ${megabytes(fetchedBytes)} of ${megabytes(totalBytes)} MB downloaded`),
    PROGRESS_INTERVAL_MS,
  );
  const remaining = [...files];
  const work = async () => {
    for (let file = remaining.shift(); file !== undefined; file = remaining.shift()) {
      await fetchFile(file, join(directory, basename(file.path)), options);
      fetchedBytes += file.bytes;
    }
  };
  const workers = Array.from({ length: PARALLEL_DOWNLOADS }, () =>
    work().catch((error: Error) => {
      failing.abort(error);
      throw error;
    }),
  );
  // All of them must have ended before the directory is deleted.
  const results = await Promise.allSettled(workers);
  clearInterval(progress);
  signal.throwIfAborted();
  if (results.some(({ status }) => status === 'rejected')) throw failing.signal.reason;
}
