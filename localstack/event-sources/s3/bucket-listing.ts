import {
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ListedObject } from './listed-object.ts';

/** The contents of buckets, page by page. */
export interface BucketListing {
  isVersioned(bucket: string): Promise<boolean>;
  /** A text that changes with the contents. Undefined: the server does not offer one, or does not respond. */
  state(bucket: string): Promise<string | undefined>;
  objects(bucket: string): AsyncIterable<readonly ListedObject[]>;
  /** All versions and delete markers, those of a key newest first. */
  versions(bucket: string): AsyncIterable<readonly ListedObject[]>;
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
    let state: string | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        state = (result.response as { headers?: Record<string, string> }).headers?.['etag'];
        return result;
      },
      { step: 'deserialize' },
    );
    // The listing reports why the server or the bucket is missing.
    await this.#client.send(command).catch(() => {});
    return state;
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
