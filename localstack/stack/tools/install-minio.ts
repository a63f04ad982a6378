import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import { installedMinioPath } from '../servers/minio-server.ts';
import { findExecutable } from './java.ts';

// The last version: the project has ended and publishes neither binaries nor images any more.
const minioModule = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';

const go = await findExecutable('go');
if (go === undefined) {
  process.stderr.write(
    'Go is needed to build MinIO: install it from https://go.dev/dl/, or put a minio on the PATH.\n',
  );
  process.exit(1);
}
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
const directory = dirname(installedMinioPath());
await mkdir(directory, { recursive: true });
process.stdout.write(`Building MinIO into ${directory}; this takes some minutes and 150 MB.\n`);
await runProgram(
  { file: go, args: ['install', minioModule], env: { ...process.env, GOBIN: directory } },
  { signal: stopping.signal, onLine: (line) => process.stdout.write(`${line}\n`) },
);
process.stdout.write('Built. Use it with "npm start -- --s3 minio".\n');
