import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { S3BucketListing } from '../../../../functions/adapters/s3/s3-bucket-listing.ts';
import { unquoteETag } from '../../../../functions/core/etag.ts';
import { describeBucketListing } from '../../../contract/bucket-listing.ts';
import { createBucket, TEST_S3_SERVERS } from '../../../support/s3-buckets.ts';
import { TestS3Server } from '../../../support/s3-server.ts';

describe.each(TEST_S3_SERVERS)('on $kind', ({ kind, bucketKinds }) => {
  let server: TestS3Server;
  let client: S3Client;

  beforeAll(async () => {
    server = await TestS3Server.start(kind);
    client = server.createClient();
  });
  afterAll(async () => {
    client.destroy();
    await server.dispose();
  });

  for (const keepsVersions of bucketKinds) {
    describeBucketListing(
      'S3BucketListing',
      async () => {
        const bucket = await createBucket(client, keepsVersions);
        return {
          listing: new S3BucketListing(client, bucket),
          bucket,
          pageSize: 1_000,
          put: async (key, content) => {
            const { ETag, VersionId } = await client.send(
              new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }),
            );
            return { eTag: unquoteETag(ETag), versionId: VersionId ?? null };
          },
          delete: async (key) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))),
        };
      },
      { keepsVersions },
    );
  }

  it('throws when the bucket is missing', async () => {
    const listing = new S3BucketListing(client, 'missing-bucket');
    await expect(listing.list('.csv')[Symbol.asyncIterator]().next()).rejects.toThrow();
  });
});
