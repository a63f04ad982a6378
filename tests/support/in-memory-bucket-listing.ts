import type { BucketListing, LatestObject, ListedObject } from '../../functions/ports/bucket-listing.ts';
import type { InMemoryBucket, StoredObject } from './in-memory-bucket.ts';

/** Lists a bucket in memory. */
export class InMemoryBucketListing implements BucketListing {
  readonly name: string;
  readonly #bucket: InMemoryBucket;
  readonly #pageSize: number;

  constructor(bucket: InMemoryBucket, pageSize = 1_000) {
    this.name = bucket.name;
    this.#bucket = bucket;
    this.#pageSize = pageSize;
  }

  /** A page is filtered by `suffix` after it is cut, so it may hold fewer objects or none. */
  async *list(suffix: string): AsyncGenerator<readonly ListedObject[], void, undefined> {
    this.#throwOutage();
    const objects = this.#bucket.list();
    for (let start = 0; start < objects.length; start += this.#pageSize) {
      const page = objects.slice(start, start + this.#pageSize);
      yield page.filter(({ key }) => key.endsWith(suffix)).map(describeObject);
    }
  }

  async head(key: string): Promise<LatestObject | undefined> {
    this.#throwOutage();
    const object = this.#bucket.latest(key);
    return object && { ...describeObject(object), versionId: object.versionId };
  }

  #throwOutage(): void {
    if (this.#bucket.outage) throw this.#bucket.outage;
  }
}

function describeObject({ key, eTag, bytes, lastModified }: StoredObject): ListedObject {
  return { key, eTag, sizeBytes: bytes.length, lastModified };
}
