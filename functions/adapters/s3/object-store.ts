import { GetObjectCommand, HeadObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PipelineError } from '../../core/errors.ts';
import type { FileArrival } from '../../core/ingestion.ts';

/** Answers by which S3 says that this very version cannot be had any more. The bucket itself missing is none of them. */
const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'PreconditionFailed']);

/** Reads objects of S3 by exactly the version that an event told of. */
export class ObjectStore {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /**
   * Streams a version from an offset on; nothing when the offset is its end. `null`: the version is gone, or another
   * one is in its place.
   *
   * @throws PipelineError `PIPE_OBJECT_TRUNCATED` in the middle of the stream when the body ends before its length;
   * whatever the SDK throws, a `TimeoutError` in the middle of a stream that stands still.
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

  /** Whether a version is, right now, what the bucket returns for the key. */
  async isLatest(file: FileArrival): Promise<boolean> {
    const { versionId } = file;
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: file.bucket, Key: file.key }));
      return head.ETag?.replaceAll('"', '') === file.eTag && (versionId === null || head.VersionId === versionId);
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
      throw error;
    }
  }
}

/** The bytes of a body, all of them: a connection that closes early must never pass for the end of the file. */
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
    `expected ${expectedBytes ?? 'a known number of'} bytes of ${file.key}, got ${readBytes}; the bucket is read again`,
    { retry: 'timed', context: { bucket: file.bucket, key: file.key } },
  );
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
