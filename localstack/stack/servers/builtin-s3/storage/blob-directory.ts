import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** A file with bytes of an object. */
export interface Blob {
  readonly name: string;
  readonly size: number;
}

/**
 * The files with the bytes of objects. Their names are random, so that no key can be a path, and a file never changes:
 * another object is another file.
 */
export class BlobDirectory {
  readonly #directory: string;
  readonly #readers = new Map<string, number>();
  readonly #removed = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** Resolves when the bytes are on the disk, with their MD5. Rejects as the source does; nothing is left then. */
  async write(source: AsyncIterable<Buffer>): Promise<{ blob: Blob; md5: Buffer }> {
    const name = randomUUID();
    const path = join(this.#directory, name);
    const md5 = createHash('md5');
    let size = 0;
    const file = await open(path, 'wx');
    try {
      try {
        const watched = (async function* () {
          for await (const chunk of source) {
            md5.update(chunk);
            size += chunk.length;
            yield chunk;
          }
        })();
        await file.writeFile(watched);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#syncDirectory();
      return { blob: { name, size }, md5: md5.digest() };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /**
   * The bytes from `start` to `end`, both included, of blobs in a row. They can be read to the end although the blobs are
   * removed meanwhile, if this is called in the same turn in which the index named them.
   */
  read(blobs: readonly Blob[], start: number, end: number): Readable {
    for (const { name } of blobs) this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
    const stream = Readable.from(this.#bytes(blobs, start, end), { objectMode: false });
    return stream.once('close', () => {
      for (const { name } of blobs) this.#release(name);
    });
  }

  /** Removes blobs that the index no longer names, once they are not being read. */
  remove(blobs: readonly Blob[]): void {
    for (const { name } of blobs) {
      this.#removed.add(name);
      if (!this.#readers.has(name)) this.#delete(name);
    }
  }

  /** Deletes what a crash has left behind. */
  removeAllBut(names: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#directory)) {
      if (!names.has(name)) rmSync(join(this.#directory, name));
    }
  }

  async *#bytes(blobs: readonly Blob[], start: number, end: number): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const { name, size } of blobs) {
      const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, size - 1)];
      offset += size;
      if (from > to) continue;
      const file = await open(join(this.#directory, name));
      yield* file.createReadStream({ start: from, end: to });
    }
  }

  #release(name: string): void {
    const left = (this.#readers.get(name) ?? 1) - 1;
    if (left > 0) {
      this.#readers.set(name, left);
      return;
    }
    this.#readers.delete(name);
    if (this.#removed.has(name)) this.#delete(name);
  }

  #delete(name: string): void {
    this.#removed.delete(name);
    // What cannot be deleted now is deleted at the next start.
    rm(join(this.#directory, name), { force: true }).catch(() => {});
  }

  /** Without it, a power failure could lose the entry of a file that is on the disk. */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
