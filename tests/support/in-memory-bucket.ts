import { createHash } from 'node:crypto';

/** One version of an object, as the bucket stores it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly eTag: string;
  /** `null` when the bucket keeps no versions. */
  readonly versionId: string | null;
  readonly lastModified: Date;
}

/** One bucket in memory, which `InMemoryObjectStore` and `InMemoryBucketListing` read. */
export class InMemoryBucket {
  readonly name: string;
  readonly keepsVersions: boolean;
  /** While set, every access through a port throws it. */
  outage: Error | undefined;
  /** Of each key, the versions from the oldest to the latest; `null` is a delete marker. */
  readonly #versions = new Map<string, (StoredObject | null)[]>();
  #putCount = 0;

  constructor(name: string, keepsVersions = false) {
    this.name = name;
    this.keepsVersions = keepsVersions;
  }

  put(key: string, content: Buffer | string, lastModified = new Date()): StoredObject {
    this.#putCount += 1;
    const bytes = Buffer.from(content);
    const eTag = createHash('md5').update(bytes).digest('hex');
    const versionId = this.keepsVersions ? `version-${this.#putCount}` : null;
    const object = { key, bytes, eTag, versionId, lastModified };
    this.#replace(key, object);
    return object;
  }

  delete(key: string): void {
    this.#replace(key, null);
  }

  deleteVersion(key: string, versionId: string): void {
    const rest = this.#versionsOf(key).filter((version) => version?.versionId !== versionId);
    this.#versions.set(key, rest);
  }

  latest(key: string): StoredObject | undefined {
    return this.#versionsOf(key).at(-1) ?? undefined;
  }

  version(key: string, versionId: string): StoredObject | undefined {
    return this.#versionsOf(key).find((version) => version?.versionId === versionId) ?? undefined;
  }

  /** The latest version of each key that has one. */
  list(): readonly StoredObject[] {
    return [...this.#versions.keys()].flatMap((key) => this.latest(key) ?? []);
  }

  #versionsOf(key: string): (StoredObject | null)[] {
    return this.#versions.get(key) ?? [];
  }

  #replace(key: string, latest: StoredObject | null): void {
    const earlier = this.keepsVersions ? this.#versionsOf(key) : [];
    this.#versions.set(key, [...earlier, latest]);
  }
}
