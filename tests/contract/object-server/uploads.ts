import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { crc32Base64, frame, frameSigned, sha256Hex } from './chunked-body.ts';
import { createClient, readObject, type Subject, sendRaw, sendSigned, signedHeaders } from './subject.ts';

const CONTENT = Buffer.from(`emp_id,name\r\n${'1,Zoë\r\n'.repeat(20_000)}`);
const CHUNKS = [CONTENT.subarray(0, 65_536), CONTENT.subarray(65_536, 131_072), CONTENT.subarray(131_072)];
const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** Rules for how the bytes of an object arrive: framing, signatures and checksums. */
export function describeUploads(getSubject: () => Subject): void {
  /** Puts `body` at the key "a" of the test's bucket. */
  const putRaw = (headers: Record<string, string>, body: Buffer) => {
    const { server, bucket } = getSubject();
    return sendSigned(server, { method: 'PUT', path: `/${bucket}/a`, headers, body });
  };
  /** Puts the content in chunks that are signed. */
  const putChunkSigned = async (options: {
    encoding?: string;
    trailer?: readonly [string, string];
    corrupt?: (body: Buffer) => Buffer;
  }) => {
    const { server, bucket } = getSubject();
    const { encoding, trailer, corrupt = (body: Buffer) => body } = options;
    const path = `/${bucket}/a`;
    const headers = await signedHeaders(server, {
      ...{ method: 'PUT', path },
      headers: {
        'x-amz-content-sha256': trailer ? `${SIGNED}-TRAILER` : SIGNED,
        'x-amz-decoded-content-length': String(CONTENT.length),
        ...(encoding !== undefined && { 'content-encoding': encoding }),
        ...(trailer && { 'x-amz-trailer': trailer[0] }),
      },
    });
    const seed = headers['authorization']?.split('Signature=')[1] ?? '';
    const body = corrupt(frameSigned(CHUNKS, { server, date: headers['x-amz-date'] ?? '', seed }, trailer));
    return sendRaw(server, { method: 'PUT', path, headers, body });
  };
  const expectStored = async () => expect((await readObject(getSubject(), 'a')).equals(CONTENT)).toBe(true);
  const expectNothing = async () => expect(readObject(getSubject(), 'a')).rejects.toMatchObject({ name: 'NoSuchKey' });

  describe('uploads', () => {
    it.each([undefined, 'aws-chunked'])(
      'decodes chunks that are signed, with content encoding %s',
      async (encoding) => {
        expect((await putChunkSigned({ ...(encoding && { encoding }) })).status).toBe(200);
        await expectStored();
        const { client, bucket } = getSubject();
        const { ContentEncoding = '' } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'a' }));
        expect(ContentEncoding).not.toContain('aws-chunked');
      },
    );

    it('decodes chunks that are signed, with a checksum that follows them', async () => {
      const trailer = ['x-amz-checksum-crc32', crc32Base64(CONTENT)] as const;
      expect((await putChunkSigned({ trailer })).status).toBe(200);
      await expectStored();
    });

    it.each([undefined, 'aws-chunked'])(
      'decodes chunks that are not signed, with content encoding %s',
      async (encoding) => {
        const headers = {
          'x-amz-content-sha256': UNSIGNED_TRAILER,
          'x-amz-decoded-content-length': String(CONTENT.length),
          'x-amz-trailer': 'x-amz-checksum-crc32',
          ...(encoding && { 'content-encoding': encoding }),
        };
        const body = frame(CHUNKS, { 'x-amz-checksum-crc32': crc32Base64(CONTENT) });
        expect((await putRaw(headers, body)).status).toBe(200);
        await expectStored();
      },
    );

    it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
      'accepts what an SDK streams with a checksum %s',
      async (ChecksumAlgorithm) => {
        const { client, bucket } = getSubject();
        // The SDK sends the checksum of a stream after the stream.
        const Body = Readable.from(CHUNKS);
        const input = { Bucket: bucket, Key: 'a', Body, ContentLength: CONTENT.length, ChecksumAlgorithm };
        await client.send(new PutObjectCommand(input));
        await expectStored();
      },
    );

    it('accepts what an SDK sends without checksums', async () => {
      const { server, bucket } = getSubject();
      const client = createClient(server, { requestChecksumCalculation: 'WHEN_REQUIRED' });
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: CONTENT }));
      client.destroy();
      await expectStored();
    });

    it.each([
      ['Content-MD5', { 'content-md5': createHash('md5').update('other').digest('base64') }, 'BadDigest'],
      ['a Content-MD5 that is none', { 'content-md5': 'abc' }, 'InvalidDigest'],
      ['CRC32', { 'x-amz-checksum-crc32': crc32Base64(Buffer.from('other')) }, ''],
      ['CRC64NVME', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, ''],
      ['SHA256', { 'x-amz-checksum-sha256': createHash('sha256').update('other').digest('base64') }, ''],
      ['the signed SHA256', { 'x-amz-content-sha256': sha256Hex('other') }, 'XAmzContentSHA256Mismatch'],
    ])('stores nothing when the bytes do not match %s', async (_, headers, code) => {
      const response = await putRaw(headers, CONTENT);
      expect(response.status).toBe(400);
      expect(response.body).toContain(code);
      await expectNothing();
    });

    it.each(['x-amz-checksum-crc32', 'x-amz-checksum-crc64nvme', 'x-amz-checksum-sha256'])(
      'stores nothing when the bytes do not match the %s that follows them',
      async (name) => {
        const headers = {
          'x-amz-content-sha256': UNSIGNED_TRAILER,
          'x-amz-decoded-content-length': String(CONTENT.length),
          'x-amz-trailer': name,
        };
        const wrong = { crc32: 'AAAAAA==', crc64nvme: 'AAAAAAAAAAA=', sha256: `${'A'.repeat(43)}=` };
        const value = wrong[name.slice('x-amz-checksum-'.length) as keyof typeof wrong];
        expect((await putRaw(headers, frame(CHUNKS, { [name]: value }))).status).toBe(400);
        await expectNothing();
      },
    );

    it('stores nothing when a chunk was changed after it was signed', async () => {
      const corrupt = (body: Buffer) => {
        body[body.indexOf('Zo')] = 0x58;
        return body;
      };
      expect((await putChunkSigned({ corrupt })).status).toBe(403);
      await expectNothing();
    });

    it.each([
      ['the last chunks are missing', (body: Buffer) => body.subarray(0, body.indexOf(CHUNKS[2] ?? ''))],
      ['the framing is broken', (body: Buffer) => Buffer.concat([Buffer.from('zz\r\n'), body])],
    ])('stores nothing when %s', async (_, corrupt) => {
      const { status } = await putChunkSigned({ corrupt });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      await expectNothing();
    });

    it('stores nothing when the length differs from the decoded one', async () => {
      const headers = { 'x-amz-content-sha256': UNSIGNED_TRAILER, 'x-amz-decoded-content-length': '7' };
      expect((await putRaw(headers, frame(CHUNKS))).status).toBe(400);
      await expectNothing();
    });
  });
}
