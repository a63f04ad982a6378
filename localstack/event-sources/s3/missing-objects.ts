import type { BucketCursor } from './bucket-cursor.ts';
import type { ListedObject } from './listed-object.ts';

/** An object, or one version of it, that was deleted. */
interface MissingObject {
  readonly key: string;
  /** Absent: the bucket keeps no versions. */
  readonly versionId?: string;
}

/**
 * The objects that the cursor has and a whole listing does not. In a bucket with versions these are the versions that were
 * deleted for good; a deletion without a version is listed there as a delete marker.
 */
export class MissingObjects {
  readonly #cursor: BucketCursor;
  readonly #isVersioned: boolean;
  readonly #listed = new Set<string>();

  constructor(cursor: BucketCursor, isVersioned: boolean) {
    this.#cursor = cursor;
    this.#isVersioned = isVersioned;
  }

  seen(page: readonly ListedObject[]): void {
    for (const { key, versionId } of page) this.#listed.add(versionIdentity(key, versionId));
  }

  /** To be called after the last page. */
  all(): MissingObject[] {
    const known: Iterable<MissingObject> = this.#isVersioned
      ? this.#cursor.versions()
      : [...this.#cursor.keys].map((key) => ({ key }));
    return [...known].filter(({ key, versionId }) => !this.#listed.has(versionIdentity(key, versionId)));
  }
}

function versionIdentity(key: string, versionId = ''): string {
  return `${versionId}/${key}`;
}
