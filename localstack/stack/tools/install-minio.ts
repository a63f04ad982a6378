/**
 * `npm run minio:install`: builds MinIO with Go, because the project is archived and publishes neither binaries nor
 * images.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import { findExecutable } from './find-executable.ts';
import { installedMinioPath } from './minio.ts';

/** The last version. */
const MINIO_MODULE = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';

const go = findExecutable('go');
if (go === undefined) {
  console.error('Go builds MinIO, but there is no go on the PATH: install it from https://go.dev/dl/.');
  process.exit(1);
}
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
const directory = dirname(installedMinioPath());
await mkdir(directory, { recursive: true });
console.log(`Building MinIO into ${directory}; this takes some minutes and 150 MB.`);
await runProgram(
  { file: go, args: ['install', MINIO_MODULE], env: { ...process.env, GOBIN: directory } },
  { signal: stopping.signal, onLine: console.log },
);
console.log('MinIO is installed. Use it with "npm start -- --s3 minio".');
