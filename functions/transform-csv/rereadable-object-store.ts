import type { FileArrival } from '../core/ingestion.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** Smaller: more files are requested twice. Larger: more memory. */
const MAX_BYTES = 256 * 1024;

/**
 * Keeps the bytes of the file that was read last, if it is small, because a file is read twice: to validate it and to send
 * its rows. A burst of small files then costs half the requests. The version is pinned, so the bytes are the same.
 */
export class RereadableObjectStore implements ObjectStore {
  readonly #store: ObjectStore;
  #kept: { readonly file: FileArrival; readonly bytes: Buffer } | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    if (this.#kept !== undefined && isSameVersion(this.#kept.file, file)) {
      return only(this.#kept.bytes.subarray(byteOffset));
    }
    const stream = await this.#store.open(file, byteOffset);
    return stream === null || byteOffset > 0 ? stream : this.#keeping(file, stream);
  }

  isLatest(file: FileArrival): Promise<boolean> {
    return this.#store.isLatest(file);
  }

  /** The same bytes; they are kept when the stream has ended and was small. */
  async *#keeping(file: FileArrival, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: Uint8Array[] = [];
    let byteCount = 0;
    for await (const chunk of stream) {
      byteCount += chunk.length;
      if (byteCount <= MAX_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      yield chunk;
    }
    if (byteCount <= MAX_BYTES) this.#kept = { file, bytes: Buffer.concat(chunks) };
  }
}

function isSameVersion(a: FileArrival, b: FileArrival): boolean {
  return a.version === b.version && a.eTag === b.eTag && a.key === b.key && a.bucket === b.bucket;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes.length > 0) yield bytes;
}
