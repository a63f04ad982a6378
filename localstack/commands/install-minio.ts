import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runProgram } from '../stack/process/run-program.ts';
import { findExecutable } from '../stack/tools/find-executable.ts';
import { installedMinioPath } from '../stack/tools/minio.ts';
import { onInterrupt } from './terminal/interrupt.ts';
import { printProgress, printResult } from './terminal/output.ts';
import { createProgram, runCommand } from './terminal/program.ts';

/** The last version. */
const MINIO_MODULE = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';

/**
 * `npm run minio:install`: builds MinIO with Go, because the project is archived and publishes neither binaries nor
 * images.
 */
const program = createProgram(
  'npm run minio:install',
  'Builds MinIO for npm start -- --s3 minio, once, with Go.',
).action(async () => {
  const go = findExecutable('go');
  if (go === undefined) {
    throw new Error('Go builds MinIO, but there is no go on the PATH: install it from https://go.dev/dl/.');
  }
  const stopping = new AbortController();
  onInterrupt(() => stopping.abort());
  const directory = dirname(installedMinioPath());
  await mkdir(directory, { recursive: true });
  printProgress(`Building MinIO into ${directory}; this takes some minutes and 150 MB.`);
  await runProgram(
    { file: go, args: ['install', MINIO_MODULE], env: { ...process.env, GOBIN: directory } },
    { signal: stopping.signal, onLine: printProgress },
  );
  printResult('MinIO is installed. Use it with "npm start -- --s3 minio".');
});

await runCommand(program);
