import { findMinio } from '../../localstack/stack/tools/minio.ts';
import { describePipelines } from '../support/describe-pipelines.ts';

if (findMinio() === undefined) {
  process.stdout.write('skipped: MinIO is not installed; run "npm run minio:install", or set MINIO_BIN\n');
  // Jest fails for a file without tests.
  test.skip('both pipelines with MinIO', () => {});
} else {
  describePipelines('minio');
}
