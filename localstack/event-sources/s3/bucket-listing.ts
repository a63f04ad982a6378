import {
  GetBucketVersioningCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ListedObject } from './listed-object.ts';

/** The contents of buckets, page by page. */
export interface BucketListing {
  isVersioned(bucket: string): Promise<boolean>;
  /** A text that changes with the contents. Undefined: the server does not offer one. Rejects when it cannot be read. */
  state(bucket: string): Promise<string | undefined>;
  /** Whether the object is a copy. False: it is not, or the server does not say. Rejects when it cannot be read. */
  isCopy(bucket: string, object: ListedObject): Promise<boolean>;
  objects(bucket: string): AsyncIterable<readonly ListedObject[]>;
  /** All versions and delete markers, those of a key newest first. */
  versions(bucket: string): AsyncIterable<readonly ListedObject[]>;
}

/** The headers of a response, which the commands of the AWS client do not return. */
class ResponseHeaders {
  #headers: Readonly<Record<string, string>> = {};

  get(name: string): string | undefined {
    return this.#headers[name];
  }

  readonly middleware =
    <Arguments, Result extends { readonly response: unknown }>(next: (args: Arguments) => Promise<Result>) =>
    async (args: Arguments): Promise<Result> => {
      const result = await next(args);
      this.#headers = (result.response as { headers?: Record<string, string> }).headers ?? {};
      return result;
    };
}

export class S3BucketListing implements BucketListing {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async isVersioned(bucket: string): Promise<boolean> {
    // With the status "Suspended" the earlier versions remain.
    return (await this.#client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status !== undefined;
  }

  /** The ETag of the bucket, which the local stack's own S3 server sends. AWS and MinIO do not. */
  async state(bucket: string): Promise<string | undefined> {
    const command = new HeadBucketCommand({ Bucket: bucket });
    const headers = new ResponseHeaders();
    command.middlewareStack.add(headers.middleware, { step: 'deserialize' });
    await this.#client.send(command).catch((error) => {
      if (!isRefusal(error)) throw error;
    });
    return headers.get('etag');
  }

  /** By a header that the local stack's own S3 server sends. */
  async isCopy(bucket: string, { key, eTag }: ListedObject): Promise<boolean> {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const headers = new ResponseHeaders();
    command.middlewareStack.add(headers.middleware, { step: 'deserialize' });
    // The object may have been deleted since the listing, or replaced by one with another ETag.
    await this.#client.send(command).catch((error) => {
      if (statusOf(error) !== 404) throw error;
    });
    return headers.get('x-object-created-by') === 'CopyObject' && headers.get('etag') === eTag;
  }

  async *objects(bucket: string): AsyncGenerator<ListedObject[]> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
      yield (page.Contents ?? []).map(readObject);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async *versions(bucket: string): AsyncGenerator<ListedObject[]> {
    let keyMarker: string | undefined;
    let versionMarker: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, KeyMarker: keyMarker, VersionIdMarker: versionMarker }),
      );
      const versions = (page.Versions ?? []).map((version) => ({
        ...readObject(version),
        versionId: version.VersionId ?? 'null',
      }));
      const deleteMarkers = (page.DeleteMarkers ?? []).map((marker) => ({
        ...readObject(marker),
        versionId: marker.VersionId ?? 'null',
        deleteMarker: true,
      }));
      yield [...versions, ...deleteMarkers];
      keyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
      versionMarker = page.IsTruncated ? page.NextVersionIdMarker : undefined;
    } while (keyMarker !== undefined);
  }
}

/** Undefined: there was no response. */
function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Whether the server would respond the same again. A bucket that is missing may be created. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return status >= 400 && status < 500 && status !== 404;
}

/** The members that objects, versions and delete markers share; AWS types each as optional. */
type S3Object = Partial<Record<'Key' | 'ETag', string | undefined>> & {
  readonly LastModified?: Date | undefined;
  readonly Size?: number | undefined;
};

function readObject(object: S3Object): ListedObject {
  return {
    key: object.Key ?? '',
    eTag: object.ETag ?? '',
    lastModified: object.LastModified?.getTime() ?? 0,
    size: object.Size ?? 0,
  };
}
