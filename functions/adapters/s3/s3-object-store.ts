import { GetObjectCommand, HeadObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PipelineError } from '../../core/errors.ts';
import { unquoteETag } from '../../core/etag.ts';
import type { FileArrival } from '../../core/ingestion.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/**
 * S3's error codes for a version that can no longer be read. A missing bucket is not one of them, because it may be created
 * again.
 */
const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'PreconditionFailed']);

/** Pins a version by its version id, or by `If-Match` its ETag where the bucket keeps no versions. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /**
   * @throws PipelineError `PIPE_OBJECT_TRUNCATED` in the middle of the stream when the body ends before its length; the
   * SDK's errors, e.g. a `TimeoutError` in the middle of a stream that stalls.
   */
  async open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    const { versionId } = file;
    try {
      const { Body, ContentLength } = await this.#client.send(
        new GetObjectCommand({
          Bucket: file.bucket,
          Key: file.key,
          ...(versionId === null ? { IfMatch: `"${file.eTag}"` } : { VersionId: versionId }),
          ...(byteOffset > 0 && { Range: `bytes=${byteOffset}-` }),
        }),
      );
      return readWhole(Body as AsyncIterable<Uint8Array>, ContentLength, file);
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error;
      if (error.name === 'InvalidRange') return nothing();
      if (GONE.has(error.name) || error.$metadata.httpStatusCode === 412) return null;
      throw error;
    }
  }

  async isLatest(file: FileArrival): Promise<boolean> {
    const { versionId } = file;
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: file.bucket, Key: file.key }));
      return unquoteETag(head.ETag) === file.eTag && (versionId === null || head.VersionId === versionId);
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
      throw error;
    }
  }
}

/** Checks the length at the end, because a connection that closes early would look like the end of the file. */
async function* readWhole(
  body: AsyncIterable<Uint8Array>,
  expectedBytes: number | undefined,
  file: FileArrival,
): AsyncGenerator<Uint8Array, void, undefined> {
  let readBytes = 0;
  for await (const chunk of body) {
    readBytes += chunk.length;
    yield chunk;
  }
  if (readBytes === expectedBytes) return;
  throw new PipelineError(
    'PIPE_OBJECT_TRUNCATED',
    `expected ${expectedBytes ?? 'a known number of'} bytes of ${file.key}, got ${readBytes}; the connection closed early and the object is read again`,
    { retry: 'timed', context: { bucket: file.bucket, key: file.key } },
  );
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
