import { type _Object, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { createS3Client, ONE_QUICK_ATTEMPT } from '../../stack/aws-clients.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';

/** A file in the bucket, as its listing has it. */
export interface ListedFile {
  readonly key: string;
  /** Without quotation marks. */
  readonly eTag: string;
  readonly ageSeconds: number;
}

/** Smaller: files whose events are just on their way are shown. Larger: a file that waits is shown later. */
const FILE_START_SECONDS = 8;

/** Pages of 1,000 keys. */
const MAX_PAGES = 5;

/** Listing takes longer than everything else, and new files are shown only after `FILE_START_SECONDS` anyway. */
const LISTING_MAX_AGE_MS = 10_000;

/** When the server's clock differs, the first request is refused, and the SDK signs the second one with its time. */
const QUICK_ATTEMPTS = { ...ONE_QUICK_ATTEMPT, maxAttempts: 2 };

/** The CSV files of the bucket. They are listed at most once in ten seconds. */
export class BucketFiles {
  readonly #s3: StackEndpoints['s3'];
  #listedAtMs = -Infinity;
  #listed: Promise<_Object[]> | undefined;

  constructor(s3: StackEndpoints['s3']) {
    this.#s3 = s3;
  }

  /** Those of the first `MAX_PAGES` pages that are in the bucket for long enough to have begun. */
  async list(): Promise<ListedFile[]> {
    if (this.#listed === undefined || performance.now() - this.#listedAtMs > LISTING_MAX_AGE_MS) {
      this.#listedAtMs = performance.now();
      this.#listed = this.#listNow();
    }
    const objects = await this.#listed.catch((error: Error) => {
      this.#listed = undefined;
      throw error;
    });
    return objects
      .map(toListedFile)
      .filter(({ key, ageSeconds }) => key.endsWith('.csv') && ageSeconds > FILE_START_SECONDS);
  }

  async #listNow(): Promise<_Object[]> {
    const client = createS3Client(this.#s3, QUICK_ATTEMPTS);
    try {
      const objects: _Object[] = [];
      let pageCount = 0;
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: this.#s3.bucket })) {
        objects.push(...Contents);
        pageCount += 1;
        if (pageCount === MAX_PAGES) break;
      }
      return objects;
    } finally {
      client.destroy();
    }
  }
}

function toListedFile({ Key: key = '', ETag: eTag = '', LastModified: at = new Date() }: _Object): ListedFile {
  return { key, eTag: eTag.replaceAll('"', ''), ageSeconds: (Date.now() - at.getTime()) / 1_000 };
}
