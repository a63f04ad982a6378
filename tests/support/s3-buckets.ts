import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import type { S3ServerKind } from '../../localstack/stack/servers/stack-servers.ts';
import { findMinio } from '../../localstack/stack/tools/minio.ts';
import { uniqueName } from './servers.ts';

interface TestableS3Server {
  readonly kind: S3ServerKind;
  /** Whether the tested buckets keep versions: the built-in server does not offer that. */
  readonly bucketKinds: readonly boolean[];
}

const hasMinio = findMinio() !== undefined;
if (!hasMinio) console.warn('MinIO not found in MINIO_BIN or PATH: buckets that keep versions are not tested');

export const TEST_S3_SERVERS: readonly TestableS3Server[] = [
  { kind: 'builtin', bucketKinds: [false] },
  ...(hasMinio ? [{ kind: 'minio', bucketKinds: [false, true] } as const] : []),
];

/** @returns the name of a new bucket. */
export async function createBucket(client: S3Client, keepsVersions: boolean): Promise<string> {
  const Bucket = uniqueName('bucket');
  await client.send(new CreateBucketCommand({ Bucket }));
  if (keepsVersions) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return Bucket;
}
