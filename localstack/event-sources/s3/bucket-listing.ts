import {
  GetBucketVersioningCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ListedObject } from './bucket-cursor.ts';

/** What a bucket holds, a page at a time. */
export interface BucketListing {
  isVersioned(bucket: string): Promise<boolean>;
  objects(bucket: string): AsyncIterable<readonly ListedObject[]>;
  /** All versions and delete markers; of one key the newest comes first, as S3 lists them. */
  versions(bucket: string): AsyncIterable<readonly ListedObject[]>;
}

export class S3BucketListing implements BucketListing {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async isVersioned(bucket: string): Promise<boolean> {
    // "Suspended" keeps the versions that there are.
    return (await this.#client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status !== undefined;
  }

  async *objects(bucket: string): AsyncGenerator<ListedObject[]> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
      yield (page.Contents ?? []).map((object) => ({
        key: object.Key ?? '',
        eTag: object.ETag ?? '',
        lastModified: object.LastModified?.getTime() ?? 0,
        size: object.Size ?? 0,
      }));
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
      const versions = (page.Versions ?? []).map((object) => ({
        key: object.Key ?? '',
        eTag: object.ETag ?? '',
        lastModified: object.LastModified?.getTime() ?? 0,
        size: object.Size ?? 0,
        versionId: object.VersionId ?? 'null',
      }));
      const markers = (page.DeleteMarkers ?? []).map((marker) => ({
        key: marker.Key ?? '',
        eTag: '',
        lastModified: marker.LastModified?.getTime() ?? 0,
        size: 0,
        versionId: marker.VersionId ?? 'null',
        deleteMarker: true,
      }));
      yield [...versions, ...markers];
      keyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
      versionMarker = page.IsTruncated ? page.NextVersionIdMarker : undefined;
    } while (keyMarker !== undefined);
  }
}
