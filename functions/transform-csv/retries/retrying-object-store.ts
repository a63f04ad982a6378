import { classifyError } from '../../core/classify-error.ts';
import type { FileArrival } from '../../core/ingestion.ts';
import { FileGoneError } from '../../csv/file-gone-error.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { type RetryDependencies, withRetries } from './with-retries.ts';

/**
 * Retries every call, and resumes a stream that breaks from the byte where it broke. The version is pinned, so the bytes
 * are the same.
 */
export class RetryingObjectStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #deps: RetryDependencies;

  constructor(store: ObjectStore, dependencies: RetryDependencies) {
    this.#store = store;
    this.#deps = dependencies;
  }

  /** @throws FileGoneError in the middle of the stream, when the version was deleted or replaced before it resumed. */
  async open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    const bytes = await this.#open(file, byteOffset);
    return bytes === null ? null : this.#resuming(file, bytes, byteOffset);
  }

  isLatest(file: FileArrival): Promise<boolean> {
    return withRetries('isLatest', () => this.#store.isLatest(file), this.#deps);
  }

  #open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    return withRetries('open', () => this.#store.open(file, byteOffset), this.#deps);
  }

  /** Gives up when a stream breaks before its first byte, because then resuming makes no progress. */
  async *#resuming(
    file: FileArrival,
    firstStream: AsyncIterable<Uint8Array>,
    byteOffset: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let stream = firstStream;
    let streamStart = byteOffset;
    let offset = byteOffset;
    for (;;) {
      try {
        for await (const chunk of stream) {
          offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (classifyError(error) === 'permanent' || offset === streamStart) throw error;
      }
      const rest = await this.#open(file, offset);
      if (rest === null) {
        throw new FileGoneError(`version ${file.version} of ${file.key} was replaced or deleted while it was read`);
      }
      stream = rest;
      streamStart = offset;
    }
  }
}
