import type { FileArrival } from '../core/ingestion.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** A gap up to this size is read and dropped, because a request costs more. */
const MAX_SKIPPED_BYTES = 1024 * 1024;

/** Reads ranges of one version of a file. Ascending ranges that are close together cost one request. */
export class RangeReader {
  readonly #store: ObjectStore;
  readonly #file: FileArrival;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  /** What was read from the stream and not used, and its offset in the file. */
  #rest: Uint8Array = new Uint8Array();
  #offset = 0;

  constructor(store: ObjectStore, file: FileArrival) {
    this.#store = store;
    this.#file = file;
  }

  /**
   * @returns a copy of the bytes, fewer than asked for at the end of the file; `null` when the version is gone.
   * @throws when the store is unreachable.
   */
  async read(start: number, end: number): Promise<Buffer | null> {
    const skipped = start - this.#offset;
    if (this.#chunks === undefined || skipped < 0 || skipped > this.#rest.length + MAX_SKIPPED_BYTES) {
      await this.close();
      const stream = await this.#store.open(this.#file, start);
      if (stream === null) return null;
      this.#chunks = stream[Symbol.asyncIterator]();
      this.#offset = start;
    }
    const parts: Uint8Array[] = [];
    while (this.#offset < end) {
      if (this.#rest.length === 0 && !(await this.#readChunk())) break;
      const until = Math.min(this.#rest.length, (this.#offset < start ? start : end) - this.#offset);
      if (this.#offset >= start) parts.push(this.#rest.subarray(0, until));
      this.#rest = this.#rest.subarray(until);
      this.#offset += until;
    }
    return Buffer.concat(parts);
  }

  /** Closes the connection. The next read opens the file again. */
  async close(): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
    this.#rest = new Uint8Array();
  }

  async #readChunk(): Promise<boolean> {
    const next = await this.#chunks?.next();
    if (next === undefined || next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}
