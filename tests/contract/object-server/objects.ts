import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createBucket } from '../../support/s3-buckets.ts';
import { md5Hex } from './chunked-body.ts';
import { listKeys, readObject, type Subject, sendSigned } from './subject.ts';

/** Rules for buckets and whole objects. */
export function describeObjects(getSubject: () => Subject): void {
  const put = (key: string, body: string, input: object = {}) => {
    const { client, bucket } = getSubject();
    return client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...input }));
  };
  const get = (key: string, input: object = {}) => {
    const { client, bucket } = getSubject();
    return client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...input }));
  };

  describe('buckets', () => {
    it('lists, finds and deletes them', async () => {
      const { client, bucket } = getSubject();
      const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
      expect(Buckets.map(({ Name }) => Name)).toContain(bucket);
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      await put('a', 'x');
      const deletion = new DeleteBucketCommand({ Bucket: bucket });
      await expect(client.send(deletion)).rejects.toMatchObject({ name: 'BucketNotEmpty' });
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));
      await client.send(deletion);
      await expect(client.send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({ name: 'NotFound' });
    });

    it('refuses to create one that exists, or whose name is invalid', async () => {
      const { client, bucket } = getSubject();
      await put('kept', 'x');
      await expect(client.send(new CreateBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
        name: 'BucketAlreadyOwnedByYou',
      });
      expect(await listKeys(getSubject())).toEqual(['kept']);
      for (const Bucket of ['ab', 'Upper', 'a_b', '..', '.hidden', 'a..b']) {
        const { status } = await sendSigned(getSubject().server, { method: 'PUT', path: `/${Bucket}` });
        expect([Bucket, status]).toEqual([Bucket, 400]);
      }
    });

    it('says which bucket is missing', async () => {
      const { client } = getSubject();
      const missing = { Bucket: 'missing-bucket' };
      for (const command of [
        new ListObjectsV2Command(missing),
        new GetObjectCommand({ ...missing, Key: 'a' }),
        new PutObjectCommand({ ...missing, Key: 'a', Body: 'x' }),
        new DeleteObjectCommand({ ...missing, Key: 'a' }),
      ]) {
        await expect(client.send(command as ListObjectsV2Command)).rejects.toMatchObject({ name: 'NoSuchBucket' });
      }
    });
  });

  describe('objects', () => {
    it('keeps the bytes, content type, metadata and headers, with the MD5 as ETag', async () => {
      const headers = { ContentType: 'text/csv; charset=utf-8', CacheControl: 'no-cache', ContentEncoding: 'identity' };
      const Metadata = { source: 'hr-system', 'with-dash': 'a, b' };
      const ContentDisposition = 'attachment; filename="a.csv"';
      const { ETag } = await put('a.csv', 'abc', { ...headers, ContentDisposition, Metadata });
      expect(ETag).toBe(`"${md5Hex('abc')}"`);
      const expected = { ...headers, ContentDisposition, Metadata, ETag, ContentLength: 3 };
      const { client, bucket } = getSubject();
      expect(await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a.csv' }))).toMatchObject(expected);
      const object = await get('a.csv');
      expect(object).toMatchObject(expected);
      expect(await object.Body?.transformToString()).toBe('abc');
    });

    it('keeps an empty object, with and without a content type', async () => {
      const { server, bucket } = getSubject();
      await put('empty', '');
      expect((await sendSigned(server, { method: 'PUT', path: `/${bucket}/untyped` })).status).toBe(200);
      for (const key of ['empty', 'untyped']) {
        expect(await readObject(getSubject(), key)).toHaveLength(0);
        expect((await get(key)).ETag).toBe(`"${md5Hex('')}"`);
      }
    });

    it('stores the body of a form as it is', async () => {
      const { server, bucket } = getSubject();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      await sendSigned(server, { method: 'PUT', path: `/${bucket}/form`, headers, body: Buffer.from('a=1&b=%20') });
      expect((await readObject(getSubject(), 'form')).toString()).toBe('a=1&b=%20');
    });

    it('has the time of the last put, the same in a listing and to the client', async () => {
      const { client, bucket } = getSubject();
      const before = Date.now();
      await put('a', 'older');
      const modified = async () => {
        const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
        return Contents?.[0]?.LastModified?.getTime() ?? 0;
      };
      const first = await modified();
      // A server may keep whole seconds.
      expect(first).toBeGreaterThanOrEqual(before - 1_000);
      await put('a', 'newer');
      const second = await modified();
      expect(second).toBeGreaterThanOrEqual(first);
      expect(second).toBeLessThanOrEqual(Date.now() + 1_000);
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }));
      expect(Math.floor(second / 1_000)).toBe(Math.floor((head.LastModified?.getTime() ?? 0) / 1_000));
    });

    it('says which key is missing, also in the form of HEAD', async () => {
      const { client, bucket } = getSubject();
      await expect(get('missing')).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
      const head = new HeadObjectCommand({ Bucket: bucket, Key: 'missing' });
      await expect(client.send(head)).rejects.toMatchObject({ name: 'NotFound' });
    });

    it('deletes an object, and one that does not exist', async () => {
      const { client, bucket } = getSubject();
      await put('a', 'x');
      for (let time = 0; time < 2; time++) {
        const { $metadata } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }));
        expect($metadata.httpStatusCode).toBe(204);
      }
      await expect(get('a')).rejects.toMatchObject({ name: 'NoSuchKey' });
    });

    it('deletes many objects in one request, with any key', async () => {
      const { client, bucket } = getSubject();
      const keys = ['a b+c', '&<"', 'ü', '\u{1F600}'];
      for (const key of [...keys, 'kept']) await put(key, 'x');
      const Objects = [...keys, 'missing'].map((Key) => ({ Key }));
      const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
      expect(Deleted?.map(({ Key }) => Key).sort()).toEqual([...keys, 'missing'].sort());
      expect(Errors ?? []).toEqual([]);
      expect(await listKeys(getSubject())).toEqual(['kept']);
      const quiet = { Bucket: bucket, Delete: { Quiet: true, Objects: [{ Key: 'kept' }] } };
      expect((await client.send(new DeleteObjectsCommand(quiet))).Deleted ?? []).toEqual([]);
      expect(await listKeys(getSubject())).toEqual([]);
    });

    it('copies an object with its metadata, or with other metadata, also onto itself', async () => {
      const { client, bucket } = getSubject();
      const other = await createBucket(client, false);
      await put('from ü+b', 'content', { ContentType: 'text/csv', Metadata: { a: '1' } });
      const CopySource = `/${bucket}/${encodeURIComponent('from ü+b')}`;
      const { CopyObjectResult } = await client.send(new CopyObjectCommand({ Bucket: other, Key: 'to', CopySource }));
      expect(CopyObjectResult?.ETag).toBe(`"${md5Hex('content')}"`);
      const copy = await client.send(new GetObjectCommand({ Bucket: other, Key: 'to' }));
      expect(copy).toMatchObject({ ContentType: 'text/csv', Metadata: { a: '1' } });
      expect(await copy.Body?.transformToString()).toBe('content');
      const replacement = { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/plain' } as const;
      await client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'from ü+b', CopySource, ...replacement }));
      expect(await get('from ü+b')).toMatchObject({ ContentType: 'text/plain', Metadata: { b: '2' } });
      expect((await readObject(getSubject(), 'from ü+b')).toString()).toBe('content');
      const missing = { Bucket: bucket, Key: 'to', CopySource: `${bucket}/missing` };
      await expect(client.send(new CopyObjectCommand(missing))).rejects.toMatchObject({ name: 'NoSuchKey' });
    });
  });

  describe('ranges', () => {
    it.each([
      ['bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=3-5', '345', 'bytes 3-5/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-4', '6789', 'bytes 6-9/10'],
      ['bytes=-40', '0123456789', 'bytes 0-9/10'],
      ['bytes=5-400', '56789', 'bytes 5-9/10'],
    ])('returns the range %s', async (Range, expected, ContentRange) => {
      await put('digits', '0123456789');
      const object = await get('digits', { Range });
      expect(object).toMatchObject({ ContentRange, ContentLength: expected.length });
      expect(object.$metadata.httpStatusCode).toBe(206);
      expect(await object.Body?.transformToString()).toBe(expected);
    });

    it('refuses a range beyond the end, and ignores one that it cannot read', async () => {
      await put('digits', '0123456789');
      for (const Range of ['bytes=10-', 'bytes=10-12', 'bytes=-0']) {
        await expect(get('digits', { Range })).rejects.toMatchObject({ name: 'InvalidRange' });
      }
      for (const Range of ['lines=1-2', 'bytes=a-b']) {
        expect(await (await get('digits', { Range })).Body?.transformToString()).toBe('0123456789');
      }
    });
  });

  describe('conditions', () => {
    it('reads under If-Match and If-None-Match', async () => {
      const { ETag = '' } = await put('a', 'x');
      expect((await get('a', { IfMatch: ETag })).$metadata.httpStatusCode).toBe(200);
      const failed = { $metadata: { httpStatusCode: 412 } };
      await expect(get('a', { IfMatch: '"other"' })).rejects.toMatchObject(failed);
      await expect(get('a', { IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
      expect((await get('a', { IfNoneMatch: '"other"' })).$metadata.httpStatusCode).toBe(200);
      const past = new Date(Date.now() - 60_000);
      await expect(get('a', { IfUnmodifiedSince: past })).rejects.toMatchObject(failed);
      expect((await get('a', { IfModifiedSince: past })).$metadata.httpStatusCode).toBe(200);
    });

    it('creates an object once under If-None-Match, however many clients try', async () => {
      const { client, bucket } = getSubject();
      const attempts = Array.from({ length: 20 }, (_, index) => put('a', `${index}`, { IfNoneMatch: '*' }));
      const outcomes = await Promise.allSettled(attempts);
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect((await readObject({ client, bucket, server: getSubject().server }, 'a')).toString()).toBe(`${winners[0]}`);
      expect(statusesOf(outcomes).every((status) => status === 409 || status === 412)).toBe(true);
    });

    it('replaces an object once under If-Match, however many clients try', async () => {
      const { ETag } = await put('a', 'first');
      const attempts = Array.from({ length: 20 }, (_, index) => put('a', `${index}`, { IfMatch: ETag }));
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(statusesOf(outcomes).every((status) => status === 409 || status === 412)).toBe(true);
      await expect(put('missing', 'x', { IfMatch: ETag })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 404 },
      });
    });
  });
}

function statusesOf(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'rejected'
      ? [(outcome.reason as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode]
      : [],
  );
}
