import { S3Error, toS3Error } from '../protocol/s3-error.ts';
import { readCount, requireKey } from '../protocol/s3-request.ts';
import { parseElements, parseRoot, type XmlElements } from '../protocol/xml.ts';
import { listObjects } from '../storage/object-listing.ts';
import { type Call, documentOf, isoTime, type Operation, type S3Response, xmlResponse } from './operation.ts';

const MAX_KEYS = 1_000;

const listBuckets: Operation = ({ store }) =>
  xmlResponse('ListAllMyBucketsResult', {
    Buckets: {
      Bucket: store.objects.buckets().map(({ name, created }) => ({ Name: name, CreationDate: isoTime(created) })),
    },
  });

const createBucket: Operation = ({ store, request: { bucket } }) => {
  if (!/^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    const rule = '3 to 63 lower-case letters, digits, dots and hyphens';
    throw new S3Error('InvalidBucketName', `Expected a bucket name of ${rule}, but found "${bucket}".`);
  }
  store.objects.createBucket(bucket);
  return { headers: { location: `/${bucket}` } };
};

const deleteBucket: Operation = ({ store, request: { bucket } }) => {
  store.blobs.remove(store.objects.deleteBucket(bucket));
  return { status: 204 };
};

/** With an ETag, which S3 does not send, so that the event sources need not list a bucket that has not changed. */
const headBucket: Operation = ({ store, request: { bucket } }) => ({
  headers: { etag: `"${store.objects.state(bucket)}"` },
});

/** An answer for a bucket that exists. */
const forBucket =
  (response: S3Response): Operation =>
  ({ store, request: { bucket } }) => {
    store.objects.requireBucket(bucket);
    return response;
  };

/** ListObjects, and ListObjectsV2 with `list-type=2`. */
const list: Operation = ({ store, request: { bucket, query } }) => {
  const isV2 = query.get('list-type') === '2';
  const maxKeys = readCount(query, 'max-keys', MAX_KEYS);
  const token = query.get('continuation-token') ?? undefined;
  const startAfter = query.get('start-after') ?? '';
  const marker = query.get('marker') ?? '';
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const after = isV2 ? (token === undefined ? startAfter : readToken(token)) : marker;
  const { objects, prefixes, next } = listObjects(store.objects, {
    bucket,
    prefix,
    delimiter,
    after,
    maxCount: maxKeys,
  });
  const encode = encoderOf(query);
  const version = isV2
    ? {
        StartAfter: encode(startAfter),
        ContinuationToken: token,
        NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
        KeyCount: objects.length + prefixes.length,
      }
    : { Marker: encode(marker), NextMarker: delimiter === '' || next === undefined ? undefined : encode(next) };
  return xmlResponse('ListBucketResult', {
    ...{ Name: bucket, Prefix: encode(prefix), Delimiter: delimiter === '' ? undefined : encode(delimiter) },
    ...{ MaxKeys: maxKeys, EncodingType: query.get('encoding-type') ?? undefined, ...version },
    IsTruncated: next !== undefined,
    Contents: objects.map(({ key, modified, eTag, size }) => ({
      ...{ Key: encode(key), LastModified: isoTime(modified), ETag: `"${eTag}"`, Size: size },
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

/** The last name of the page before. */
function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url');
  if (name.length > 0 && name.toString('base64url') === token) return name.toString();
  throw new S3Error('InvalidArgument', 'Expected the continuation token of the page before.');
}

export function encoderOf(query: URLSearchParams): (name: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === null) return (name) => name;
  if (encoding !== 'url') throw new S3Error('InvalidArgument', `Expected encoding-type=url, but found "${encoding}".`);
  return (name) => encodeURIComponent(name).replaceAll('%2F', '/');
}

const deleteObjects: Operation = async (call) => {
  const { store, request } = call;
  const document = await documentOf(call);
  const keys = parseElements(document, 'Delete', 'Object').map(({ Key }) => String(Key ?? ''));
  if (keys.length === 0 || keys.length > MAX_KEYS) {
    throw new S3Error('MalformedXML', `Expected 1 to ${MAX_KEYS} keys, but found ${keys.length}.`);
  }
  const isQuiet = parseRoot(document, 'Delete')['Quiet'] === 'true';
  store.objects.requireBucket(request.bucket);
  const [deleted, errors]: [XmlElements[], XmlElements[]] = [[], []];
  for (const Key of keys) {
    try {
      requireKey(Key);
      store.blobs.remove(store.objects.remove(request.bucket, Key));
      deleted.push({ Key });
    } catch (error) {
      const { code, message } = toS3Error(error);
      errors.push({ Key, Code: code, Message: message });
    }
  }
  return xmlResponse('DeleteResult', { Deleted: isQuiet ? [] : deleted, Error: errors });
};

const listUploads: Operation = ({ store, request: { bucket, query } }: Call) => {
  const [prefix, encode] = [query.get('prefix') ?? '', encoderOf(query)];
  const uploads = store.uploads.all(bucket).filter(({ key }) => key.startsWith(prefix));
  return xmlResponse('ListMultipartUploadsResult', {
    ...{ Bucket: bucket, Prefix: encode(prefix), IsTruncated: false, MaxUploads: MAX_KEYS },
    EncodingType: query.get('encoding-type') ?? undefined,
    Upload: uploads.map(({ key, id, created }) => ({ Key: encode(key), UploadId: id, Initiated: isoTime(created) })),
  });
};

/** By method, kind of resource and subresource. */
export const bucketOperations: Readonly<Record<string, Operation>> = {
  'GET server': listBuckets,
  'PUT bucket': createBucket,
  'DELETE bucket': deleteBucket,
  'HEAD bucket': headBucket,
  'GET bucket': list,
  'GET bucket?location': forBucket(xmlResponse('LocationConstraint', {})),
  // No bucket keeps versions.
  'GET bucket?versioning': forBucket(xmlResponse('VersioningConfiguration', {})),
  'GET bucket?uploads': listUploads,
  'POST bucket?delete': deleteObjects,
};
