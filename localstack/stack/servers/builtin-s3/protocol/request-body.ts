import { createHash, createHmac } from 'node:crypto';
import { type Digests, readDeclaredDigests, requireDigests } from './digests.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { type ChunkSigning, isEqual, type VerifiedSignature } from './signature.ts';

/** What S3 accepts in one request. */
const MAX_BODY_BYTES = 5 * 1024 ** 3;
/** No framing line of a client is nearly as long: a size, a signature, or a checksum. */
const MAX_LINE_BYTES = 1_024;
const NOTHING_HASH = createHash('sha256').digest('hex');

/**
 * The decoded bytes of a body. The iteration ends only when the body had its declared length, signatures and digests; it
 * throws an `S3Error` otherwise, so that nothing of it may be stored before the end.
 */
export async function* readBody(request: S3Request, signature: VerifiedSignature): AsyncGenerator<Buffer> {
  const { headers, body } = request;
  const isFramed = signature.payloadHash.startsWith('STREAMING-') || isAwsChunked(headers['content-encoding']);
  const declared = headers[isFramed ? 'x-amz-decoded-content-length' : 'content-length'];
  if (declared === undefined) throw new S3Error('MissingContentLength', 'Expected the length of the body in a header.');
  if (Number(declared) > MAX_BODY_BYTES) {
    throw new S3Error('EntityTooLarge', 'Expected at most 5 GiB in one request: use a multipart upload.');
  }
  const digests = readDeclaredDigests(headers, signature.payloadHash);
  const isSigned = signature.payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
  const trailers = new Map<string, string>();
  const decoded = isFramed ? unframe(body, isSigned ? signature.chunkSigning : undefined, trailers) : body;
  let bytes = 0;
  for await (const chunk of decoded) {
    bytes += chunk.length;
    if (bytes > Number(declared)) break;
    updateAll(digests, chunk);
    yield chunk;
  }
  if (bytes !== Number(declared)) {
    throw new S3Error('IncompleteBody', `Expected a body of ${declared} bytes, but found another length.`);
  }
  await requireDigests(digests, trailers);
}

function updateAll(digests: Digests, chunk: Buffer): void {
  for (const { hash } of digests.values()) hash.update(chunk);
}

export function isAwsChunked(contentEncoding = ''): boolean {
  return contentEncoding.split(',').some((coding) => coding.trim() === 'aws-chunked');
}

/**
 * Decodes `aws-chunked`: lines `SIZE[;chunk-signature=HEX]`, each followed by its bytes, a last one of size 0, and then
 * trailing headers, which are added to `trailers`.
 */
async function* unframe(
  body: AsyncIterable<Buffer>,
  signing: ChunkSigning | undefined,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = new FrameReader(body);
  const chain = signing && new SignatureChain(signing);
  for (;;) {
    const [size = '', extension = ''] = (await reader.line()).split(';');
    if (!/^[0-9a-f]{1,12}$/i.test(size)) throw brokenFraming();
    const hash = createHash('sha256');
    for await (const chunk of reader.bytes(Number.parseInt(size, 16))) {
      if (chain !== undefined) hash.update(chunk);
      yield chunk;
    }
    chain?.require('PAYLOAD', [NOTHING_HASH, hash.digest('hex')], extension.replace('chunk-signature=', ''));
    if (/^0+$/.test(size)) break;
    if ((await reader.line()) !== '') throw brokenFraming();
  }
  const signed = createHash('sha256');
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name.toLowerCase() === 'x-amz-trailer-signature') {
      chain?.require('TRAILER', [signed.digest('hex')], value);
      continue;
    }
    trailers.set(name.toLowerCase(), value);
    signed.update(`${name.toLowerCase()}:${value}\n`);
  }
  if (!(await reader.isAtEnd())) throw brokenFraming();
}

/** The signatures of chunks, each of which covers the one before it. */
class SignatureChain {
  readonly #signing: ChunkSigning;
  #previous: string;

  constructor(signing: ChunkSigning) {
    this.#signing = signing;
    this.#previous = signing.seed;
  }

  require(kind: 'PAYLOAD' | 'TRAILER', hashes: readonly string[], signature: string): void {
    const { key, date, scope } = this.#signing;
    const text = [`AWS4-HMAC-SHA256-${kind}`, date, scope, this.#previous, ...hashes].join('\n');
    this.#previous = createHmac('sha256', key).update(text).digest('hex');
    if (isEqual(this.#previous, signature)) return;
    throw new S3Error('SignatureDoesNotMatch', 'Expected each chunk to have the signature of its bytes.');
  }
}

/** Reads lines and bytes from the pieces in which a body arrives. */
class FrameReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Buffer>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  /** The next line, without its CRLF. The end of the body counts as an empty line, because clients may leave it out. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > MAX_LINE_BYTES) throw brokenFraming();
      const more = await this.#source.next();
      if (more.done) {
        if (this.#rest.length > 0) throw brokenFraming();
        return '';
      }
      this.#rest = Buffer.concat([this.#rest, more.value]);
    }
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && (await this.#source.next()).done === true;
  }

  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) {
        const more = await this.#source.next();
        if (more.done) throw brokenFraming();
        this.#rest = more.value;
      }
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }
}

function brokenFraming(): S3Error {
  return new S3Error('IncompleteBody', 'Expected a body in the encoding aws-chunked, up to its last chunk.');
}
