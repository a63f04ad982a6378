import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installedMinioPath } from '../../localstack/stack/servers/minio-server.ts';
import { describePipelines } from '../support/describe-pipelines.ts';

const onPath = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'minio'));
const minio = [process.env['MINIO_BIN'] ?? '', installedMinioPath(), ...onPath].find((path) => existsSync(path));

if (minio === undefined) {
  process.stdout.write('skipped: no MinIO at hand; `npm run minio:install` builds one, or name one in MINIO_BIN\n');
  // A file without any test would fail.
  test.skip('both pipelines with MinIO', () => {});
} else {
  describePipelines('minio');
}
