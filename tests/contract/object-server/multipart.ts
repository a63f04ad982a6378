import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { listKeys, readObject, type Subject } from './subject.ts';

/** Every part but the last has at least this size. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const FIRST = Buffer.alloc(MIN_PART_BYTES, 'first ');
const SECOND = Buffer.alloc(MIN_PART_BYTES + 1, 'second ');
const LAST = Buffer.from('last');

/** Rules for multipart uploads. */
export function describeMultipart(getSubject: () => Subject): void {
  describe('multipart uploads', () => {
    const object = () => ({ Bucket: getSubject().bucket, Key: 'a.csv' });
    const create = async (input: object = {}) => {
      const { UploadId } = await getSubject().client.send(
        new CreateMultipartUploadCommand({ ...object(), ContentType: 'text/csv', ...input }),
      );
      return { ...object(), UploadId };
    };
    type Upload = Awaited<ReturnType<typeof create>>;
    const upload = async (to: Upload, PartNumber: number, Body: Buffer) => {
      const { ETag } = await getSubject().client.send(new UploadPartCommand({ ...to, PartNumber, Body }));
      return { PartNumber, ETag };
    };
    const complete = (to: Upload, Parts: { PartNumber: number; ETag: string | undefined }[], input: object = {}) =>
      getSubject().client.send(new CompleteMultipartUploadCommand({ ...to, MultipartUpload: { Parts }, ...input }));

    it('joins parts that arrive in any order, with the ETag of S3, its content type and metadata', async () => {
      const { client } = getSubject();
      const to = await create({ Metadata: { a: '1' } });
      const last = await upload(to, 7, LAST);
      const [second, first] = await Promise.all([upload(to, 2, SECOND), upload(to, 1, FIRST)]);
      expect(await listKeys(getSubject())).toEqual([]);
      const { ETag } = await complete(to, [first, second, last]);
      const digests = [FIRST, SECOND, LAST].map((part) => createHash('md5').update(part).digest());
      expect(ETag).toBe(`"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-3"`);
      const bytes = await readObject(getSubject(), 'a.csv');
      expect(bytes.equals(Buffer.concat([FIRST, SECOND, LAST]))).toBe(true);
      const head = await client.send(new HeadObjectCommand(object()));
      expect(head).toMatchObject({ ETag, ContentType: 'text/csv', Metadata: { a: '1' }, ContentLength: bytes.length });
    });

    it('uses the last upload of a part, and only the parts that are named', async () => {
      const to = await create();
      await upload(to, 1, FIRST);
      const again = await upload(to, 1, SECOND);
      const last = await upload(to, 3, LAST);
      await upload(to, 4, FIRST);
      await complete(to, [again, last]);
      expect((await readObject(getSubject(), 'a.csv')).equals(Buffer.concat([SECOND, LAST]))).toBe(true);
    });

    it('lists its parts over pages, and the uploads under way', async () => {
      const { client, bucket } = getSubject();
      const to = await create();
      for (const number of [3, 1, 2]) await upload(to, number, Buffer.from(`part ${number}`));
      const page = await client.send(new ListPartsCommand({ ...to, MaxParts: 2 }));
      expect(page).toMatchObject({ IsTruncated: true, Parts: [{ PartNumber: 1, Size: 6 }, { PartNumber: 2 }] });
      const rest = await client.send(new ListPartsCommand({ ...to, PartNumberMarker: page.NextPartNumberMarker }));
      expect(rest).toMatchObject({ IsTruncated: false, Parts: [{ PartNumber: 3 }] });
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'a.csv' }));
      expect(Uploads?.map(({ Key, UploadId }) => ({ Key, UploadId }))).toEqual([
        { Key: 'a.csv', UploadId: to.UploadId },
      ]);
    });

    it('forgets an aborted upload', async () => {
      const { client } = getSubject();
      const to = await create();
      const part = await upload(to, 1, LAST);
      await client.send(new AbortMultipartUploadCommand(to));
      const missing = { name: 'NoSuchUpload' };
      await expect(upload(to, 2, LAST)).rejects.toMatchObject(missing);
      await expect(complete(to, [part])).rejects.toMatchObject(missing);
      await expect(client.send(new ListPartsCommand(to))).rejects.toMatchObject(missing);
      expect(await listKeys(getSubject())).toEqual([]);
    });

    it.each([
      ['another ETag', [{ PartNumber: 1, ETag: `"${'0'.repeat(32)}"` }], 'InvalidPart'],
      ['a part that was not uploaded', [{ PartNumber: 5, ETag: `"${'0'.repeat(32)}"` }], 'InvalidPart'],
      ['parts out of order', ['two', 'one'], 'InvalidPartOrder'],
      ['a part twice', ['one', 'one'], expect.stringMatching(/InvalidPartOrder|EntityTooSmall/)],
      ['a part but the last that is too small', ['one', 'two'], 'EntityTooSmall'],
    ])('refuses to complete with %s, and can be completed afterwards', async (_, named, name) => {
      const to = await create();
      const parts = { one: await upload(to, 1, LAST), two: await upload(to, 2, LAST) };
      const Parts = named.map((part) => (typeof part === 'string' ? parts[part as keyof typeof parts] : part));
      await expect(complete(to, Parts)).rejects.toMatchObject({ name });
      expect(await listKeys(getSubject())).toEqual([]);
      await complete(to, [parts.two]);
      expect((await readObject(getSubject(), 'a.csv')).equals(LAST)).toBe(true);
    });

    it('completes under If-None-Match only when there is no object', async () => {
      const [one, two] = [await create(), await create()];
      const [first, second] = [await upload(one, 1, LAST), await upload(two, 1, LAST)];
      await complete(one, [first], { IfNoneMatch: '*' });
      await expect(complete(two, [second], { IfNoneMatch: '*' })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 412 },
      });
    });

    it('keeps an upload that is under way over a kill', async () => {
      const { server } = getSubject();
      const to = await create();
      const first = await upload(to, 1, FIRST);
      await server.kill();
      await server.start();
      const last = await upload(to, 2, LAST);
      await complete(to, [first, last]);
      expect((await readObject(getSubject(), 'a.csv')).equals(Buffer.concat([FIRST, LAST]))).toBe(true);
    });
  });
}
