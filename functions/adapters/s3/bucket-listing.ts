import { HeadObjectCommand, NotFound, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

interface ListedObject {
  readonly key: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** What a bucket holds now. */
export class BucketListing {
  readonly name: string;
  readonly #client: S3Client;

  constructor(client: S3Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** The objects whose key ends with `suffix`, in pages of up to 1,000, in no order that matters. */
  async *list(suffix: string): AsyncGenerator<readonly ListedObject[]> {
    for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket: this.name })) {
      yield (page.Contents ?? [])
        .filter(({ Key }) => Key?.endsWith(suffix))
        .map(({ Key, ETag, Size, LastModified }) => ({
          key: Key ?? '',
          eTag: unquote(ETag),
          sizeBytes: Size ?? 0,
          lastModified: LastModified ?? new Date(0),
        }));
    }
  }

  /** What the bucket returns for a key now; `undefined` when that is nothing. */
  async head(key: string): Promise<(ListedObject & { readonly versionId: string | null }) | undefined> {
    try {
      const object = await this.#client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
      return {
        key,
        eTag: unquote(object.ETag),
        sizeBytes: object.ContentLength ?? 0,
        lastModified: object.LastModified ?? new Date(0),
        versionId: !object.VersionId || object.VersionId === 'null' ? null : object.VersionId,
      };
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }
}

/** An ETag comes in quotes over HTTP and without them in events. */
function unquote(eTag: string | undefined): string {
  return (eTag ?? '').replace(/^"|"$/g, '');
}
