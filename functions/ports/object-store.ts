import type { FileArrival } from '../core/ingestion.ts';

/**
 * Reads the objects that files arrive in, pinned to one version.
 *
 * Duplicates: reading changes nothing, so every call may be repeated.
 * Concurrency: calls may overlap, also for the same object.
 */
export interface ObjectStore {
  /**
   * Streams the bytes of exactly this version, from an offset on; no bytes when the offset is the end of the object.
   *
   * `null`: this version cannot be read any more, because the object was deleted or replaced. That is final.
   *
   * @throws when the store is unreachable or the bucket is missing, also in the middle of the stream. A body that ends
   * before its announced length is an error, never the end of the file. The caller may open it again where it broke.
   */
  open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null>;

  /**
   * Whether the bucket returns this version for its key now. `false` when the object was deleted or replaced.
   *
   * @throws when the store is unreachable.
   */
  isLatest(file: FileArrival): Promise<boolean>;
}
