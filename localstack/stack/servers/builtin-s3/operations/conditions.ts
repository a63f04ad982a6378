import { S3Error } from '../protocol/s3-error.ts';
import type { S3Request } from '../protocol/s3-request.ts';
import type { Condition, StoredObject } from '../storage/object-index.ts';

type Headers = S3Request['headers'];

/** `If-None-Match: *` and `If-Match` of a request that writes. */
export function writeCondition(headers: Headers): Condition {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'Expected If-None-Match to be "*", as S3 has it for requests that write.');
  }
  return (existing) => {
    if (ifNoneMatch !== undefined && existing !== undefined) throw failed('If-None-Match');
    if (ifMatch === undefined) return;
    if (existing === undefined)
      throw new S3Error('NoSuchKey', 'Expected an object for If-Match, but the key has none.');
    if (!matches(ifMatch, existing)) throw failed('If-Match');
  };
}

/** @throws {S3Error} with the status that the conditions of a GET or HEAD ask for. */
export function requireReadConditions(headers: Headers, object: StoredObject): void {
  const changedSince = (date: string) => Math.floor(object.modified / 1_000) * 1_000 > Date.parse(date);
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  const { 'if-modified-since': ifModifiedSince, 'if-unmodified-since': ifUnmodifiedSince } = headers;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object)) throw failed('If-Match');
  } else if (ifUnmodifiedSince !== undefined && changedSince(ifUnmodifiedSince)) throw failed('If-Unmodified-Since');
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object)) throw notModified(object);
  } else if (ifModifiedSince !== undefined && !Number.isNaN(Date.parse(ifModifiedSince))) {
    if (!changedSince(ifModifiedSince)) throw notModified(object);
  }
}

function matches(condition: string, { eTag }: StoredObject): boolean {
  if (condition.trim() === '*') return true;
  return condition.split(',').some((candidate) => candidate.trim().replace(/^W\//, '').replaceAll('"', '') === eTag);
}

function failed(header: string): S3Error {
  return new S3Error('PreconditionFailed', `Expected the condition ${header} to hold, but the object is another.`);
}

function notModified({ eTag, modified }: StoredObject): S3Error {
  const headers = { etag: `"${eTag}"`, 'last-modified': new Date(modified).toUTCString() };
  return new S3Error('NotModified', 'The object has not changed.', headers);
}

/** The bytes of a `Range` header, both included. Undefined: all, as for a header that asks for no single range. */
export function readRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start < size && start <= end) return { start, end };
  const message = `Expected a range within the ${size} bytes of the object.`;
  throw new S3Error('InvalidRange', message, { 'content-range': `bytes */${size}` });
}
