import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createS3Client } from '../../../../functions/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../../../../functions/adapters/s3/s3-object-store.ts';
import { unquoteETag } from '../../../../functions/core/etag.ts';
import type { FileArrival } from '../../../../functions/core/ingestion.ts';
import { describeObjectStore, readAll } from '../../../contract/object-store.ts';
import { createBucket, TEST_S3_SERVERS } from '../../../support/s3-buckets.ts';
import { useS3Environment } from '../../../support/s3-environment.ts';
import { TestS3Server } from '../../../support/s3-server.ts';

describe.each(TEST_S3_SERVERS)('on $kind', ({ kind, bucketKinds }) => {
  let server: TestS3Server;
  let client: S3Client;
  let store: S3ObjectStore;
  const environment = useS3Environment();

  beforeAll(async () => {
    server = await TestS3Server.start(kind);
    client = server.createClient();
    environment.set(server.endpoint);
    store = new S3ObjectStore(createS3Client());
  });
  afterAll(async () => {
    client.destroy();
    await server.dispose();
  });

  async function put(bucket: string, key: string, bytes: Buffer, contentType?: string): Promise<FileArrival> {
    const { ETag, VersionId } = await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: contentType }),
    );
    const versionId = VersionId ?? null;
    const sizeBytes = bytes.length;
    return { bucket, key, version: versionId ?? '1', versionId, sequencer: '1', eTag: unquoteETag(ETag), sizeBytes };
  }

  for (const keepsVersions of bucketKinds) {
    describeObjectStore(
      'S3ObjectStore',
      async () => {
        const bucket = await createBucket(client, keepsVersions);
        return {
          store,
          bucket,
          put: (key, bytes) => put(bucket, key, bytes),
          delete: async (key) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
          deleteVersion: async ({ key, versionId }) =>
            void (await client.send(
              new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId ?? undefined }),
            )),
        };
      },
      { keepsVersions },
    );
  }

  it.each([undefined, 'text/csv', 'text/plain', 'application/json', 'application/x-www-form-urlencoded'])(
    'streams an object of 24 MB that was put in one request with content type %s',
    async (contentType) => {
      const bytes = Buffer.alloc(24 * 1024 * 1024, 'abcdefg');
      const file = await put(await createBucket(client, false), 'large.csv', bytes, contentType);
      expect((await readAll(await store.open(file, 0))).equals(bytes)).toBe(true);
    },
  );

  it('throws while the server is unreachable, and works again afterwards', async () => {
    const bytes = Buffer.from('content');
    const file = await put(await createBucket(client, false), 'a.csv', bytes);
    await server.kill();
    await expect(store.open(file, 0)).rejects.toThrow();
    await expect(store.isLatest(file)).rejects.toThrow();
    await server.start();
    expect((await readAll(await store.open(file, 0))).equals(bytes)).toBe(true);
  });
});
