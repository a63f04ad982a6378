import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { ObjectStore } from '../../functions/ports/object-store.ts';
import type { InMemoryBucket } from './in-memory-bucket.ts';

/** Reads buckets in memory. Its streams can be cut into chunks of any size, and broken. */
export class InMemoryObjectStore implements ObjectStore {
  readonly #buckets: readonly InMemoryBucket[];
  chunkBytes = 64 * 1024;
  /** The next stream breaks before its first chunk at or after this many bytes. */
  breakAfterBytes: number | undefined;
  /** Called before each chunk. */
  onChunk: (byteOffset: number) => void | Promise<void> = () => {};
  /** Offsets of all calls of `open`. */
  readonly openedAt: number[] = [];

  constructor(...buckets: readonly InMemoryBucket[]) {
    this.#buckets = buckets;
  }

  async open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    this.openedAt.push(byteOffset);
    const bucket = this.#findBucket(file);
    if (bucket === undefined) throw new Error(`bucket ${file.bucket} does not exist`);
    const object = file.versionId === null ? bucket.latest(file.key) : bucket.version(file.key, file.versionId);
    return object?.eTag === file.eTag ? this.#stream(object.bytes, byteOffset) : null;
  }

  async isLatest(file: FileArrival): Promise<boolean> {
    const latest = this.#findBucket(file)?.latest(file.key);
    return latest?.eTag === file.eTag && (file.versionId === null || latest.versionId === file.versionId);
  }

  #findBucket(file: FileArrival): InMemoryBucket | undefined {
    const bucket = this.#buckets.find(({ name }) => name === file.bucket);
    if (bucket?.outage) throw bucket.outage;
    return bucket;
  }

  async *#stream(bytes: Buffer, start: number): AsyncGenerator<Uint8Array, void, undefined> {
    const breakAt = this.breakAfterBytes === undefined ? undefined : start + this.breakAfterBytes;
    this.breakAfterBytes = undefined;
    for (let offset = start; offset < bytes.length; offset += this.chunkBytes) {
      await this.onChunk(offset);
      if (breakAt !== undefined && offset >= breakAt) {
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }
      yield bytes.subarray(offset, offset + this.chunkBytes);
    }
  }
}
