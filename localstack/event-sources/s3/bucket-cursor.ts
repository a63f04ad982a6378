import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** An object, or one version of it, as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly eTag: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly size: number;
  /** Absent: the bucket keeps no versions. */
  readonly versionId?: string;
  readonly deleteMarker?: boolean;
}

interface Entry {
  readonly key: string;
  /** What tells this content of the key from another: version, or ETag and time. Absent: the key is gone. */
  readonly mark?: string;
  readonly sequencer: string;
}

/** How many lines beyond those needed a cursor's file may have before it is written anew. */
const COMPACT_ABOVE_LINES = 5_000;

export function markOf(object: ListedObject): string {
  return object.versionId !== undefined ? `v:${object.versionId}` : `${object.eTag}@${object.lastModified}`;
}

/**
 * Which objects of a bucket have been turned into events, on disk: a journal with a line for each, flushed before the
 * call returns. A last line that was cut off by a crash is dropped: its event comes again.
 */
export class BucketCursor {
  readonly #path: string;
  readonly #marks = new Map<string, string>();
  readonly #versions = new Map<string, Set<string>>();
  readonly #sequencers = new Map<string, bigint>();
  #file: FileHandle | undefined;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    let text = '';
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) {
      if (line !== '') this.#apply(JSON.parse(line) as Entry);
    }
    if (whole.length < text.length || this.#lines > this.#marks.size + COMPACT_ABOVE_LINES) await this.#rewrite();
    this.#file = await open(this.#path, 'a');
  }

  has(object: ListedObject): boolean {
    if (object.versionId !== undefined) return this.#versions.get(object.key)?.has(object.versionId) ?? false;
    return this.#marks.get(object.key) === markOf(object);
  }

  get keys(): Iterable<string> {
    return this.#marks.keys();
  }

  /**
   * The sequencer of a change: hexadecimal, greater than every earlier one of its key. It is made of the object's own
   * time, so that the same object has the same one also when the cursor was lost.
   */
  nextSequencer(key: string, lastModified: number): string {
    const byTime = BigInt(Math.trunc(lastModified)) << 16n;
    const last = this.#sequencers.get(key) ?? -1n;
    return (byTime > last ? byTime : last + 1n).toString(16).toUpperCase().padStart(18, '0');
  }

  /** Learns of a sequencer that was given out before a crash and is not in the journal. */
  noteSequencer(key: string, sequencer: string): void {
    const given = BigInt(`0x${sequencer}`);
    if (given > (this.#sequencers.get(key) ?? -1n)) this.#sequencers.set(key, given);
  }

  /** Resolves when the line is on disk. */
  async add(key: string, mark: string | undefined, sequencer: string): Promise<void> {
    const entry: Entry = { key, ...(mark !== undefined && { mark }), sequencer };
    this.#apply(entry);
    await this.#file?.write(`${JSON.stringify(entry)}\n`);
    await this.#file?.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #apply({ key, mark, sequencer }: Entry): void {
    this.#lines += 1;
    this.#sequencers.set(key, BigInt(`0x${sequencer}`));
    if (mark === undefined) {
      this.#marks.delete(key);
      return;
    }
    this.#marks.set(key, mark);
    if (mark.startsWith('v:')) {
      const versions = this.#versions.get(key) ?? new Set();
      versions.add(mark.slice(2));
      this.#versions.set(key, versions);
    }
  }

  async #rewrite(): Promise<void> {
    const lines: string[] = [];
    for (const [key, last] of this.#sequencers) {
      const sequencer = last.toString(16).toUpperCase().padStart(18, '0');
      const current = this.#marks.get(key);
      for (const version of this.#versions.get(key) ?? []) {
        if (`v:${version}` !== current) lines.push(JSON.stringify({ key, mark: `v:${version}`, sequencer }));
      }
      lines.push(JSON.stringify({ key, ...(current !== undefined && { mark: current }), sequencer }));
    }
    const part = `${this.#path}.part`;
    const file = await open(part, 'w');
    await file.writeFile(lines.map((line) => `${line}\n`).join(''));
    await file.sync();
    await file.close();
    await rename(part, this.#path);
    this.#lines = lines.length;
  }
}
