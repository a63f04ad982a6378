import {
  DeleteObjectCommand,
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createBucket } from '../../support/s3-buckets.ts';
import { listKeys, type Subject } from './subject.ts';

const KEY_COUNT = 1_200;

/** The order of S3: that of the keys' bytes in UTF-8, which differs from the order of JavaScript beyond U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Rules for ListObjects and ListObjectsV2. */
export function describeListing(getSubject: () => Subject): void {
  describe('listing', () => {
    const mixed = mixedKeys();
    let full: Subject;
    beforeAll(async () => {
      const { client, server } = getSubject();
      full = { client, server, bucket: await createBucket(client, false) };
      for (let start = 0; start < mixed.length; start += 25) {
        await Promise.all(mixed.slice(start, start + 25).map((key) => put(full.client, full.bucket, key)));
      }
    });

    it('lists 1,200 keys over pages, each once, in the order of their UTF-8 bytes', async () => {
      expect(await listKeys(full)).toEqual(mixed);
      for (const MaxKeys of [37, 999]) expect(await listKeys(full, { MaxKeys })).toEqual(mixed);
    });

    it('lists 1,200 keys over pages with the marker of version 1', async () => {
      for (const MaxKeys of [100, undefined]) expect(await listWithMarker(full, { MaxKeys })).toEqual(mixed);
    });

    it('has at most 1,000 keys in a page, and says how many and whether there are more', async () => {
      const { client, bucket } = full;
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5_000 }));
      expect(page).toMatchObject({ KeyCount: 1_000, IsTruncated: true, MaxKeys: expect.any(Number) });
      const last = { Bucket: bucket, ContinuationToken: page.NextContinuationToken };
      expect(await client.send(new ListObjectsV2Command(last))).toMatchObject({ KeyCount: 200, IsTruncated: false });
      const exact = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'plain/', MaxKeys: 400 }));
      expect(exact).toMatchObject({ KeyCount: 400, IsTruncated: false });
    });

    it('starts after any key, present or not, in both versions', async () => {
      for (const key of [
        ...mixed.filter((_, index) => index % 151 === 0),
        '',
        'plain',
        'plain/0',
        '\u{1F600}',
        '~~~',
      ]) {
        const expected = mixed.filter((candidate) => compareUtf8(candidate, key) > 0);
        expect(await listKeys(full, { StartAfter: key })).toEqual(expected);
        if (key !== '') expect(await listWithMarker(full, { Marker: key })).toEqual(expected);
      }
    });

    it('lists a prefix exactly', async () => {
      for (const prefix of ['plain/', 'plain/1', 'Z', '\u{1F600}', 'a+b/', 'missing', 'deep/d2/']) {
        expect(await listKeys(full, { Prefix: prefix })).toEqual(mixed.filter((key) => key.startsWith(prefix)));
      }
      const after = mixed.filter((key) => key.startsWith('plain/') && compareUtf8(key, 'plain/0200') > 0);
      expect(await listKeys(full, { Prefix: 'plain/', StartAfter: 'plain/0200' })).toEqual(after);
    });

    it.each(['', 'deep/', 'deep/d1/', 'plain/00', 'missing/'])(
      'groups the keys below the prefix "%s" by a delimiter, over pages of any size',
      async (Prefix) => {
        const rest = mixed.filter((key) => key.startsWith(Prefix)).map((key) => key.slice(Prefix.length));
        const names = rest.map((key) => Prefix + (key.includes('/') ? key.slice(0, key.indexOf('/') + 1) : key));
        const expected = [...new Set(names)];
        for (const MaxKeys of [Math.ceil(expected.length / 40) + 1, 1_000]) {
          expect(await listGrouped(full, { Prefix, MaxKeys })).toEqual(expected);
          expect(await listGroupedWithMarker(full, { Prefix, MaxKeys })).toEqual(expected);
        }
      },
    );

    it('groups by a delimiter of more than one character', async () => {
      const { client, bucket } = full;
      const { CommonPrefixes } = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: 'deep/', Delimiter: '/d1/' }),
      );
      expect(CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['deep/d0/d1/', 'deep/d1/d1/', 'deep/d2/d1/']);
    });

    it('lists nothing with a page of no keys, and nothing of an empty bucket', async () => {
      const { client, bucket } = full;
      const none = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }));
      expect(none).toMatchObject({ KeyCount: 0, IsTruncated: false });
      expect(await listKeys(getSubject())).toEqual([]);
    });

    it('loses no other key from a listing that deletes what it has seen', async () => {
      const { client, bucket } = getSubject();
      const keys = Array.from({ length: 30 }, (_, index) => `k${String(index).padStart(2, '0')}`);
      await Promise.all(keys.map((key) => put(client, bucket, key)));
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const input = { Bucket: bucket, MaxKeys: 4, ContinuationToken: token };
        const page = await client.send(new ListObjectsV2Command(input));
        for (const { Key = '' } of page.Contents ?? []) {
          seen.push(Key);
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        }
        token = page.NextContinuationToken;
      } while (token !== undefined);
      expect(seen).toEqual(keys);
    });

    it('encodes keys when asked to', async () => {
      const { client, bucket } = getSubject();
      await put(client, bucket, 'ä b/c+d.csv');
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url' }));
      // S3 encodes a blank as "+" here.
      expect(Contents?.[0]?.Key).toMatch(/^%C3%A4(\+|%20)b(\/|%2F)c%2Bd\.csv$/);
    });
  });
}

function mixedKeys(): string[] {
  const plain = Array.from({ length: 400 }, (_, index) => `plain/${String(index).padStart(4, '0')}`);
  const deep = Array.from({ length: 300 }, (_, index) => `deep/d${index % 3}/d${(index >> 2) % 3}/${index}`);
  const odd = Array.from({ length: KEY_COUNT - 700 }, (_, index) => {
    const starts = [
      'Zürich ',
      'a+b/',
      "it's ",
      '&<"%20',
      '部門/',
      '\uFFFD',
      '\u{1F600}',
      '\u{10FFFD}',
      'A-',
      'x',
      'x.',
      'x=0/',
    ];
    return `${starts[index % starts.length]}${index}`;
  });
  return [...plain, ...deep, ...odd].sort(compareUtf8);
}

async function put(client: S3Client, bucket: string, key: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: key }));
}

async function listWithMarker({ client, bucket }: Subject, input: object): Promise<string[]> {
  const keys: string[] = [];
  let marker: string | undefined;
  for (;;) {
    const next = { Bucket: bucket, ...input, ...(marker !== undefined && { Marker: marker }) };
    const page = await client.send(new ListObjectsCommand(next));
    for (const { Key = '' } of page.Contents ?? []) keys.push(Key);
    if (!page.IsTruncated) return keys;
    // Only a listing with a delimiter has a NextMarker.
    marker = keys.at(-1);
  }
}

async function listGrouped({ client, bucket }: Subject, input: object): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', ContinuationToken: token, ...input }),
    );
    names.push(...namesOf(page));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return names;
}

async function listGroupedWithMarker({ client, bucket }: Subject, input: object): Promise<string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsCommand({ Bucket: bucket, Delimiter: '/', Marker: marker, ...input }),
    );
    names.push(...namesOf(page));
    marker = page.IsTruncated ? page.NextMarker : undefined;
  } while (marker !== undefined);
  return names;
}

/** The keys and common prefixes of a page, which S3 orders as one list. */
function namesOf({ Contents = [], CommonPrefixes = [] }: ListObjectsCommandOutput): string[] {
  const keys = Contents.map(({ Key = '' }) => Key);
  const prefixes = CommonPrefixes.map(({ Prefix = '' }) => Prefix);
  return [...keys, ...prefixes].sort(compareUtf8);
}
