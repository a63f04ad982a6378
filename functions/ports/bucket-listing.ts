/** One object in a listing of a bucket. */
export interface ListedObject {
  readonly key: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** The object that a bucket returns for a key now. */
export interface LatestObject extends ListedObject {
  /** `null` where the bucket keeps no versions. */
  readonly versionId: string | null;
}

/**
 * Lists the objects of one bucket.
 *
 * Duplicates: reading changes nothing, so every call may be repeated.
 * Concurrency: calls may overlap.
 */
export interface BucketListing {
  /** The bucket's name. */
  readonly name: string;

  /**
   * Yields the latest version of every object whose key ends with `suffix`, page by page, so that memory does not grow
   * with the bucket. A page may be empty.
   *
   * Order: none. An object that is put or deleted while the listing runs may be in it or not.
   *
   * @throws when the store is unreachable or the bucket is missing, also between two pages.
   */
  list(suffix: string): AsyncIterable<readonly ListedObject[]>;

  /**
   * Describes the object that the bucket returns for a key now; `undefined` when there is none.
   *
   * @throws when the store is unreachable.
   */
  head(key: string): Promise<LatestObject | undefined>;
}
