import { PutObjectCommand } from '@aws-sdk/client-s3';
import { compareUtf8 } from './listing.ts';
import { listKeys, readObject, type Subject, sendSigned } from './subject.ts';

/** Keys that a server which stores them as paths would confuse with one another, or keep outside its directory. */
const CONFUSABLE_KEYS = [
  ...['a/b', 'a//b', 'a///b', 'a/b/', '/a/b', '//a/b', 'a', 'a/'],
  ...['./a/b', 'a/./b', 'a/../b', '../b', '../../b', 'b', '.', '..', './', '../', '/', '//', 'a/..', 'a/.'],
  ...['x', 'x/y', 'x/y/z', 'X', 'x.csv', 'x.csv/part', 'x%2Fy', 'x%2fy', 'x\\y', 'x:y', '.x', '~', '~/x'],
  ...['a b', 'a+b', 'a%20b', 'a%2Bb', ' a', 'a ', ' ', '&', '&amp;', '<Key>', '"quoted"', "it's", 'a?b=c#d', '*'],
  ...[
    'Zürich',
    'Zu\u0308rich',
    'ß',
    'SS',
    '部門',
    '部門/給与.csv',
    '\u{1F600}',
    '\uFFFD',
    '\uFB01',
    '\u{10FFFD}',
    '\uE000',
  ],
  ...['con', 'nul.txt', '_staging', '.bucket.json', 'a.meta.json', '.minio.sys/x', '__proto__', 'constructor'],
  ...['k'.repeat(1_024), `${'d/'.repeat(511)}k`, 'é'.repeat(512), `${'s'.repeat(255)}/t`, 's'.repeat(256)],
];

/** Rules for the keys of objects. A server may refuse keys with status 400, but it must not confuse them. */
export function describeKeys(getSubject: () => Subject): void {
  describe('keys', () => {
    it('holds keys apart that look alike, or refuses them with status 400', async () => {
      const subject = getSubject();
      const held: string[] = [];
      const refused: string[] = [];
      for (const key of CONFUSABLE_KEYS) {
        const status = await put(subject, key);
        if (status !== 200) expect([key, status]).toEqual([key, 400]);
        (status === 200 ? held : refused).push(key);
      }
      expect(await listKeys(subject)).toEqual([...held].sort(compareUtf8));
      for (const key of held) expect((await readObject(subject, key)).toString()).toBe(key);
      for (const key of refused) await expect(readObject(subject, key)).rejects.toThrow();
    });

    it('keeps the objects of one bucket out of another, whatever the key', async () => {
      const subject = getSubject();
      const key = `../${subject.bucket}/inside`;
      expect([200, 400]).toContain(await put(subject, key));
      expect(await listKeys(subject)).not.toContain('inside');
      await expect(readObject(subject, 'inside')).rejects.toMatchObject({ name: 'NoSuchKey' });
    });

    it.each([
      ['with more than 1,024 bytes', 'é'.repeat(513), 'KeyTooLongError'],
      ['that is not UTF-8', '%FF', ''],
      ['with a broken escape', '%zz', ''],
    ])('refuses a key %s with status 400', async (_, key, code) => {
      const { server, bucket } = getSubject();
      const path = `/${bucket}/${key.startsWith('%') ? key : encodeURIComponent(key)}`;
      const response = await sendSigned(server, { method: 'PUT', path });
      expect(response.status).toBe(400);
      expect(response.body).toContain(code);
    });
  });
}

/** Puts an object whose content is its key. @returns the status. */
async function put({ client, bucket }: Subject, key: string): Promise<number | undefined> {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: key });
  const { $metadata } = await client.send(command).catch((error: { $metadata: { httpStatusCode?: number } }) => error);
  return $metadata.httpStatusCode;
}
