import { readBody } from '../protocol/request-body.ts';
import { S3Error } from '../protocol/s3-error.ts';
import { readCopySource } from '../protocol/s3-request.ts';
import type { StoredObject } from '../storage/object-index.ts';
import { readRange, requireReadConditions, writeCondition } from './conditions.ts';
import { keptHeaders } from './object-headers.ts';
import { isoTime, type Operation, xmlResponse } from './operation.ts';

const putObject: Operation = async (call) => {
  const { store, request, signature } = call;
  if (request.headers['x-amz-copy-source'] !== undefined) return copyObject(call);
  const object = { body: readBody(request, signature), headers: keptHeaders(request) };
  const { eTag } = await store.put(request.bucket, request.key, object, writeCondition(request.headers));
  return { headers: { etag: `"${eTag}"` } };
};

const copyObject: Operation = async ({ store, request }) => {
  const { bucket, key, headers } = request;
  const conditions = Object.keys(headers).find((name) => name.startsWith('x-amz-copy-source-if-'));
  if (conditions !== undefined) throw new S3Error('NotImplemented', `Expected no ${conditions}: it is not supported.`);
  const source = readCopySource(headers['x-amz-copy-source'] ?? '');
  const original = store.require(source.bucket, source.key);
  const isReplacing = headers['x-amz-metadata-directive'] === 'REPLACE';
  const kept = isReplacing ? keptHeaders(request) : original.headers;
  // Which S3 does not send, so that the event sources can name the event of the object.
  const object = { body: store.read(original), headers: { ...kept, 'x-object-created-by': 'CopyObject' } };
  const { eTag, modified } = await store.put(bucket, key, object, writeCondition(headers));
  return xmlResponse('CopyObjectResult', { ETag: `"${eTag}"`, LastModified: isoTime(modified) });
};

const getObject: Operation = ({ store, request }) => {
  const object = store.require(request.bucket, request.key);
  requireReadConditions(request.headers, object);
  const range = readRange(request.headers['range'], object.size);
  const headers = headersOf(object);
  if (request.method === 'HEAD' && range === undefined) return { headers };
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      'content-length': String(end - start + 1),
      ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${object.size}` }),
    },
    ...(request.method === 'GET' && { body: store.read(object, start, end) }),
  };
};

function headersOf({ headers, eTag, modified, size }: StoredObject): Record<string, string> {
  const date = new Date(modified).toUTCString();
  const own = { etag: `"${eTag}"`, 'last-modified': date, 'content-length': String(size), 'accept-ranges': 'bytes' };
  return { ...headers, ...own };
}

const deleteObject: Operation = ({ store, request: { bucket, key, headers } }) => {
  store.blobs.remove(store.objects.remove(bucket, key, writeCondition(headers)));
  return { status: 204 };
};

/** By method, kind of resource and subresource. */
export const objectOperations: Readonly<Record<string, Operation>> = {
  'PUT object': putObject,
  'GET object': getObject,
  'HEAD object': getObject,
  'DELETE object': deleteObject,
};
