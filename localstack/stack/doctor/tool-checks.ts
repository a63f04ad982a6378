import { existsSync } from 'node:fs';
import { pomFiles } from '../servers/pom-files.ts';
import type { S3ServerKind } from '../servers/stack-servers.ts';
import { cacheDirectory } from '../tools/cache-directory.ts';
import { findExecutable } from '../tools/find-executable.ts';
import { installCommand } from '../tools/install-hints.ts';
import { describeMissingJava, type JavaSearch, searchMachine } from '../tools/java.ts';
import { readJarLock } from '../tools/locked-jars.ts';
import { jarsDirectory } from '../tools/maven-jars.ts';
import { findMavenRepository } from '../tools/maven-repository.ts';
import { findMinio } from '../tools/minio.ts';
import { findPostgresBinaries } from '../tools/postgres-binaries.ts';
import type { CheckOptions, Finding } from './finding.ts';
import { checkDirectory } from './machine-checks.ts';

const PROBE_TIMEOUT_MS = 10_000;

export async function checkJava({ signal }: Pick<CheckOptions, 'signal'>): Promise<Finding> {
  return javaFinding(await searchMachine(signal));
}

export function javaFinding(search: JavaSearch): Finding {
  const subject = 'Java';
  const { found, unusable } = search;
  if (found === undefined) {
    return { subject, state: 'missing', found: describeMissingJava(search), remedy: installCommand('java') };
  }
  const passedOver = unusable.map(({ file, reason }) => `; not usable: ${file} (${reason})`).join('');
  return { subject, state: 'ok', found: `${found.version} at ${found.file}${passedOver}` };
}

export function checkMaven(): Finding {
  const file = findExecutable('mvn');
  const purpose = 'needed only when the jars cannot be downloaded directly';
  return { subject: 'Maven', state: 'ok', found: `${file ?? 'not installed'} (${purpose})` };
}

export function checkPostgres(): Finding {
  const subject = 'PostgreSQL';
  try {
    return { subject, state: 'ok', found: findPostgresBinaries().postgres };
  } catch (error) {
    return { subject, state: 'missing', found: (error as Error).message, remedy: 'npm ci --include=optional' };
  }
}

export function checkMinio(): Finding {
  const subject = 'MinIO';
  const remedy = 'npm run minio:install';
  try {
    const file = findMinio();
    if (file !== undefined) return { subject, state: 'ok', found: file };
    return { subject, state: 'missing', found: 'expected MinIO for --s3 minio, but it is not installed', remedy };
  } catch (error) {
    return { subject, state: 'missing', found: (error as Error).message, remedy };
  }
}

/** Where the jars are, or will be downloaded to. When it has them all, it may be full or read-only. */
export async function checkCache(): Promise<Finding> {
  const directories = await Promise.all(
    Object.entries(pomFiles).map(([name, pomPath]) => jarsDirectory(name, pomPath)),
  );
  const path = cacheDirectory();
  if (directories.every((directory) => existsSync(directory))) return { subject: 'Cache', state: 'ok', found: path };
  return checkDirectory('Cache', path, 'XDG_CACHE_HOME=DIR');
}

/** Whether the jars are downloaded. @param probe whether to ask the repository for those that are not */
export async function checkJars(probe: boolean, { signal }: Pick<CheckOptions, 'signal'>): Promise<Finding[]> {
  return Promise.all(
    Object.entries(pomFiles).map(async ([name, pomPath]): Promise<Finding> => {
      const subject = `Jars of ${name}`;
      const directory = await jarsDirectory(name, pomPath);
      if (existsSync(directory)) return { subject, state: 'ok', found: directory };
      const { url } = findMavenRepository();
      const file = (await readJarLock(pomPath))?.files[0];
      const found = `not downloaded yet; the first start gets them from ${url}`;
      if (!probe || file === undefined) return { subject, state: 'ok', found };
      const failure = await probeUrl(`${url}/${file.path}`, signal);
      if (failure === undefined) return { subject, state: 'ok', found };
      const hasMaven = findExecutable('mvn') !== undefined;
      return {
        subject,
        state: hasMaven ? 'warning' : 'missing',
        found: `expected ${url} to answer, but found ${failure}`,
        remedy: hasMaven ? 'the start tries Maven instead' : `check the network, or ${installCommand('maven')}`,
      };
    }),
  );
}

async function probeUrl(url: string, signal: AbortSignal): Promise<string | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
  return fetch(url, { method: 'HEAD', signal: limited }).then(
    ({ ok, status }) => (ok ? undefined : `status ${status}`),
    (error: Error) => (error.cause as Error | undefined)?.message ?? error.message,
  );
}

/** Which S3 server needs a check of its own. */
export function checkS3(s3: S3ServerKind): Finding[] {
  return s3 === 'minio' ? [checkMinio()] : [];
}
