import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type ObjectServerUnderTest, REGION } from './subject.ts';

/** Hexadecimal MD5, as in the ETag of an object. */
export function md5Hex(bytes: string | Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

export function crc32Base64(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

/** A body in the encoding `aws-chunked`, without signatures. */
export function frame(chunks: readonly Buffer[], trailers: Readonly<Record<string, string>> = {}): Buffer {
  const framed = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']);
  const lines = Object.entries(trailers).map(([name, value]) => `${name}:${value}\r\n`);
  return join([...framed, '0\r\n', ...lines, '\r\n']);
}

interface Signing {
  readonly server: ObjectServerUnderTest;
  /** `X-Amz-Date` of the request. */
  readonly date: string;
  /** The signature of the request. */
  readonly seed: string;
}

/** A body in the encoding `aws-chunked`, each of whose chunks is signed with that of the chunk before it. */
export function frameSigned(
  chunks: readonly Buffer[],
  { server, date, seed }: Signing,
  trailer?: readonly [name: string, value: string],
): Buffer {
  const day = date.slice(0, 8);
  const scope = `${day}/${REGION}/s3/aws4_request`;
  const key = [day, REGION, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${server.credentials.secretAccessKey}`,
  );
  let signature = seed;
  const sign = (algorithm: string, hashes: readonly string[]) => {
    signature = createHmac('sha256', key)
      .update([algorithm, date, scope, signature, ...hashes].join('\n'))
      .digest('hex');
    return signature;
  };
  const parts = [...chunks, Buffer.alloc(0)].flatMap((chunk) => {
    const chunkSignature = sign('AWS4-HMAC-SHA256-PAYLOAD', [sha256Hex(''), sha256Hex(chunk)]);
    const header = `${chunk.length.toString(16)};chunk-signature=${chunkSignature}\r\n`;
    return chunk.length === 0 ? [header] : [header, chunk, '\r\n'];
  });
  if (trailer === undefined) return join([...parts, '\r\n']);
  const line = `${trailer[0]}:${trailer[1]}`;
  const trailerSignature = sign('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(`${line}\n`)]);
  return join([...parts, `${line}\r\n`, `x-amz-trailer-signature:${trailerSignature}\r\n\r\n`]);
}

export function sha256Hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function join(parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}
