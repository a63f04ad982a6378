import { HeadBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { S3BucketListing } from '../../../localstack/event-sources/s3/bucket-listing.ts';
import { sendSigned } from '../../contract/object-server/subject.ts';
import { createBucket } from '../../support/s3-buckets.ts';
import { TestS3Server } from '../../support/s3-server.ts';

/** What only the built-in S3 server does. `object-server.test.ts` has what every S3 server must do. */
describe('the built-in S3 server', () => {
  let server: TestS3Server;
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    server = await TestS3Server.start('builtin');
    client = server.createClient();
    bucket = await createBucket(client, false);
  });
  afterAll(async () => {
    client.destroy();
    await server.dispose();
  });

  const put = (Key: string, further: object = {}) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ...further }));

  it('has another state after each change and each start, and the same one otherwise', async () => {
    const listing = new S3BucketListing(client);
    const states = [await listing.state(bucket)];
    for (const change of [() => put('a'), () => put('a'), () => server.kill().then(() => server.start())]) {
      await change();
      states.push(await listing.state(bucket));
      expect(await listing.state(bucket)).toBe(states.at(-1));
    }
    expect(states).not.toContain(undefined);
    expect(new Set(states).size).toBe(4);
    await expect(listing.state('missing-bucket')).rejects.toMatchObject({ name: 'NotFound' });
  });

  it.each([
    ['tags', { Tagging: 'a=b' }],
    ['encryption with a key of the client', { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'a'.repeat(32) }],
    ['a lock', { ObjectLockMode: 'COMPLIANCE' }],
  ])('refuses %s with 501 instead of ignoring them', async (_, input) => {
    await expect(put('refused', input)).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  it.each(['acl', 'versionId=1', 'tagging', 'policy', 'versions'])('refuses ?%s with 501', async (parameter) => {
    const { status, body } = await sendSigned(server, { method: 'GET', path: `/${bucket}/a?${parameter}` });
    expect(status).toBe(501);
    expect(body).toContain('NotImplemented');
  });

  it.each(['%00', 'a%0Ab', '%7F', '%EF%BF%BF'])('refuses the key %s, which XML cannot hold, with 400', async (key) => {
    const { status } = await sendSigned(server, { method: 'PUT', path: `/${bucket}/${key}` });
    expect(status).toBe(400);
  });

  it('serves requests on a connection after an error on it', async () => {
    await expect(put('a', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  });
});
