import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

/** A request, decoded. The bucket is in the path, because a loopback address has no subdomains. */
export interface S3Request {
  readonly method: string;
  /** As it was sent, which the signature covers. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. A header that was sent several times is joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty: the request is about the server. */
  readonly bucket: string;
  /** Empty: the request is about the bucket. */
  readonly key: string;
  readonly body: AsyncIterable<Buffer>;
}

const MAX_KEY_BYTES = 1_024;

/** @throws {S3Error} when the path or the key is not allowed. */
export function readRequest(message: IncomingMessage): S3Request {
  const { method = '', url = '' } = message;
  const [path = '', search = ''] = splitOnce(url, '?');
  const [bucket, key] = splitOnce(decode(path.slice(1)), '/');
  requireKey(key);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  // Leaving the iteration early must not close the connection, on which the response is sent.
  const body = message.iterator({ destroyOnReturn: false });
  return { method, path, query: new URLSearchParams(search), headers, bucket, key, body };
}

/** @throws {S3Error} when no object can have the key. */
export function requireKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', `Expected a key of at most ${MAX_KEY_BYTES} bytes: shorten it.`);
  }
  if (/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(key)) {
    const reason = 'which the XML of a listing cannot hold: rename the object';
    throw new S3Error('InvalidArgument', `Expected a key without control characters, ${reason}.`);
  }
}

/** The bucket and the key of `x-amz-copy-source`. */
export function readCopySource(source: string): { bucket: string; key: string } {
  const [bucket, key] = splitOnce(decode(source.replace(/^\//, '')), '/');
  if (key === '' || source.includes('?')) {
    throw new S3Error('InvalidArgument', 'Expected x-amz-copy-source to be BUCKET/KEY, without a version.');
  }
  return { bucket, key };
}

/** The value of a parameter that is a whole number of at most `max`. */
export function readCount(query: URLSearchParams, name: string, max: number, byDefault = max): number {
  const text = query.get(name) ?? String(byDefault);
  if (!/^\d{1,9}$/.test(text)) {
    throw new S3Error('InvalidArgument', `Expected ${name} to be a whole number, but found "${text}".`);
  }
  return Math.min(Number(text), max);
}

/** Reads a body that is a document. */
export async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new S3Error('EntityTooLarge', `Expected a body of at most ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', 'Expected a path in UTF-8 with valid percent escapes: encode the key.');
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)];
}
