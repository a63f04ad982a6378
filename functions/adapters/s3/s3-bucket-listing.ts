import { HeadObjectCommand, NotFound, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { unquoteETag } from '../../core/etag.ts';
import type { BucketListing, LatestObject, ListedObject } from '../../ports/bucket-listing.ts';

export class S3BucketListing implements BucketListing {
  readonly name: string;
  readonly #client: S3Client;

  constructor(client: S3Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Pages hold up to 1,000 objects. */
  async *list(suffix: string): AsyncGenerator<readonly ListedObject[]> {
    for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket: this.name })) {
      yield (page.Contents ?? [])
        .filter(({ Key }) => Key?.endsWith(suffix))
        .map(({ Key, ETag, Size, LastModified }) => ({
          key: Key ?? '',
          eTag: unquoteETag(ETag),
          sizeBytes: Size ?? 0,
          lastModified: LastModified ?? new Date(0),
        }));
    }
  }

  async head(key: string): Promise<LatestObject | undefined> {
    try {
      const object = await this.#client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
      return {
        key,
        eTag: unquoteETag(object.ETag),
        sizeBytes: object.ContentLength ?? 0,
        lastModified: object.LastModified ?? new Date(0),
        // A bucket whose versioning is suspended returns the version id "null", which names no version.
        versionId: !object.VersionId || object.VersionId === 'null' ? null : object.VersionId,
      };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }
}
