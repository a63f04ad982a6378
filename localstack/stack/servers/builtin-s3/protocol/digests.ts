import { createHash } from 'node:crypto';
import { Crc32, Crc32c, Crc64Nvme } from '@aws-sdk/checksums/crc';
import { S3Error, type S3ErrorCode } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

interface Checksum {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array | Promise<Uint8Array>;
}

interface Digest {
  readonly hash: Checksum;
  /** In base64, or in hexadecimal that of the signature. Undefined: in the trailer with the name of the digest. */
  readonly expected: string | undefined;
  readonly encoding: 'base64' | 'hex';
  readonly code: S3ErrorCode;
}

/** The digests that a body must have, by the name of their header. */
export type Digests = ReadonlyMap<string, Digest>;

const checksums: Readonly<Record<string, () => Checksum>> = {
  'x-amz-checksum-crc32': () => new Crc32(),
  'x-amz-checksum-crc32c': () => new Crc32c(),
  'x-amz-checksum-crc64nvme': () => new Crc64Nvme(),
  'x-amz-checksum-sha1': () => createHash('sha1'),
  'x-amz-checksum-sha256': () => createHash('sha256'),
};

/** @throws {S3Error} when a digest has an unknown algorithm or cannot be one. */
export function readDeclaredDigests(headers: S3Request['headers'], payloadHash: string): Digests {
  const digests = new Map<string, Digest>();
  const md5 = headers['content-md5'];
  if (md5 !== undefined) {
    if (!/^[A-Za-z0-9+/]{22}==$/.test(md5)) throw new S3Error('InvalidDigest', 'Expected Content-MD5 in base64.');
    digests.set('content-md5', { hash: createHash('md5'), expected: md5, encoding: 'base64', code: 'BadDigest' });
  }
  if (/^[0-9a-f]{64}$/.test(payloadHash)) {
    const code = 'XAmzContentSHA256Mismatch';
    const hash = createHash('sha256');
    digests.set('x-amz-content-sha256', { hash, expected: payloadHash, encoding: 'hex', code });
  }
  const trailing = (headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  const named = [...Object.keys(headers), ...trailing].filter((name) => name.startsWith('x-amz-checksum-'));
  for (const name of named) {
    // These two describe checksums.
    if (name === 'x-amz-checksum-algorithm' || name === 'x-amz-checksum-type') continue;
    const create = checksums[name];
    if (create === undefined) throw new S3Error('NotImplemented', `Expected no ${name}, which is not supported.`);
    digests.set(name, { hash: create(), expected: headers[name], encoding: 'base64', code: 'BadDigest' });
  }
  return digests;
}

/** @throws {S3Error} when the bytes have another digest than declared. */
export async function requireDigests(digests: Digests, trailers: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, { hash, expected, encoding, code }] of digests) {
    const actual = Buffer.from(await hash.digest()).toString(encoding);
    if (actual === (expected ?? trailers.get(name))) continue;
    throw new S3Error(code, `Expected bytes with the ${name} of the request, but found others.`);
  }
}
