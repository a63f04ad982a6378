import { createHash } from 'node:crypto';
import { readBody } from '../protocol/request-body.ts';
import { S3Error } from '../protocol/s3-error.ts';
import { readCount } from '../protocol/s3-request.ts';
import { parseElements } from '../protocol/xml.ts';
import type { Part, Upload } from '../storage/upload-index.ts';
import { writeCondition } from './conditions.ts';
import { keptHeaders } from './object-headers.ts';
import { type Call, documentOf, isoTime, type Operation, xmlResponse } from './operation.ts';

const MAX_PART_NUMBER = 10_000;
/** Of every part but the last. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_LISTED_PARTS = 1_000;

const createUpload: Operation = ({ store, request }) => {
  const { bucket, key } = request;
  const UploadId = store.uploads.create(bucket, key, keptHeaders(request));
  return xmlResponse('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId });
};

const uploadPart: Operation = async (call) => {
  const { store, request, signature } = call;
  const { bucket, key, query, headers } = request;
  if (headers['x-amz-copy-source'] !== undefined) {
    throw new S3Error('NotImplemented', 'Expected the bytes of a part: copying a part is not supported.');
  }
  const number = readCount(query, 'partNumber', MAX_PART_NUMBER + 1, 0);
  if (number < 1 || number > MAX_PART_NUMBER) {
    throw new S3Error('InvalidArgument', `Expected partNumber to be from 1 to ${MAX_PART_NUMBER}.`);
  }
  const { id } = requireUpload(call);
  const eTag = await store.storing(readBody(request, signature), (blob, md5) => {
    const part = { number, blob, eTag: md5.toString('hex') };
    store.blobs.remove(store.uploads.putPart(bucket, key, id, part));
    return part.eTag;
  });
  return { headers: { etag: `"${eTag}"` } };
};

const listParts: Operation = (call) => {
  const { store, request } = call;
  const { bucket, key, query } = request;
  const { id } = requireUpload(call);
  const maxParts = readCount(query, 'max-parts', MAX_LISTED_PARTS);
  const marker = readCount(query, 'part-number-marker', MAX_PART_NUMBER, 0);
  const rest = store.uploads.parts(id).filter(({ number }) => number > marker);
  const page = rest.slice(0, maxParts);
  return xmlResponse('ListPartsResult', {
    ...{ Bucket: bucket, Key: key, UploadId: id, PartNumberMarker: marker, MaxParts: maxParts },
    ...{ NextPartNumberMarker: page.at(-1)?.number, IsTruncated: page.length < rest.length },
    Part: page.map(({ number, eTag, blob, modified }) => ({
      ...{ PartNumber: number, ETag: `"${eTag}"`, Size: blob.size, LastModified: isoTime(modified) },
    })),
  });
};

const completeUpload: Operation = async (call) => {
  const { store, request } = call;
  const document = await documentOf(call);
  const named = parseElements(document, 'CompleteMultipartUpload', 'Part').map(({ PartNumber, ETag }) => ({
    number: Number(PartNumber),
    eTag: String(ETag).replaceAll('"', ''),
  }));
  // From here on in one turn, so that no part changes meanwhile.
  const upload = requireUpload(call);
  const parts = chooseParts(store.uploads.parts(upload.id), named);
  const blobs = parts.map(({ blob }) => blob);
  const digest = createHash('md5');
  for (const { eTag } of parts) digest.update(eTag, 'hex');
  const object = { blobs, eTag: `${digest.digest('hex')}-${parts.length}`, headers: upload.headers };
  const { stored, unused } = store.uploads.complete(upload, object, writeCondition(request.headers));
  store.blobs.remove(unused);
  return xmlResponse('CompleteMultipartUploadResult', {
    ...{ Location: `/${upload.bucket}/${upload.key}`, Bucket: upload.bucket, Key: upload.key },
    ETag: `"${stored.eTag}"`,
  });
};

/** The named ones of the parts. @throws {S3Error} when they cannot be an object. */
function chooseParts(parts: readonly Part[], named: readonly { number: number; eTag: string }[]): Part[] {
  const byNumber = new Map(parts.map((part) => [part.number, part]));
  if (named.length === 0) throw new S3Error('MalformedXML', 'Expected at least one part.');
  if (named.some(({ number }, index) => index > 0 && number <= (named[index - 1]?.number ?? 0))) {
    throw new S3Error('InvalidPartOrder', 'Expected the parts in the order of their numbers.');
  }
  return named.map(({ number, eTag }, index) => {
    const part = byNumber.get(number);
    if (part?.eTag !== eTag) {
      throw new S3Error('InvalidPart', `Expected part ${number} with this ETag, but it was not uploaded.`);
    }
    if (index < named.length - 1 && part.blob.size < MIN_PART_BYTES) {
      throw new S3Error('EntityTooSmall', `Expected at least ${MIN_PART_BYTES} bytes in every part but the last.`);
    }
    return part;
  });
}

const abortUpload: Operation = (call) => {
  const { store } = call;
  store.blobs.remove(store.uploads.abort(requireUpload(call).id));
  return { status: 204 };
};

function requireUpload({ store, request: { bucket, key, query } }: Call): Upload {
  return store.uploads.require(bucket, key, query.get('uploadId') ?? '');
}

/** By method, kind of resource and subresource. */
export const multipartOperations: Readonly<Record<string, Operation>> = {
  'POST object?uploads': createUpload,
  'PUT object?uploadId': uploadPart,
  'GET object?uploadId': listParts,
  'POST object?uploadId': completeUpload,
  'DELETE object?uploadId': abortUpload,
};
