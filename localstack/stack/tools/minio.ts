import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { findExecutable, isExecutable } from './find-executable.ts';

/** Where `npm run minio:install` puts MinIO. */
export function installedMinioPath(): string {
  return join(cacheDirectory(), 'bin', 'minio');
}

/**
 * The path of MinIO: from `MINIO_BIN`, the `PATH`, or `npm run minio:install`; undefined when it is not installed.
 *
 * @throws when `MINIO_BIN` is set to something that is not executable.
 */
export function findMinio(): string | undefined {
  const configured = process.env['MINIO_BIN'];
  if (!configured) return [findExecutable('minio'), installedMinioPath()].find((path) => path && isExecutable(path));
  if (isExecutable(configured)) return configured;
  throw new Error(`Expected MINIO_BIN to be the path of an executable file, but it is "${configured}".`);
}

/** @throws when MinIO is not installed, with how to install it. */
export function requireMinio(): string {
  const minio = findMinio();
  if (minio !== undefined) return minio;
  throw new Error(
    'MinIO is not installed: put it on the PATH, set MINIO_BIN to its path, or build it once with ' +
      '"npm run minio:install" (needs Go and some minutes).',
  );
}
