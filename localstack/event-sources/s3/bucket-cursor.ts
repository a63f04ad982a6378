import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../storage/durable-file.ts';
import { type ListedObject, markOf } from './listed-object.ts';

/** A line of the journal. */
export interface CursorEntry {
  readonly key: string;
  /** The content that was turned into an event. Absent: the deletion of the key. */
  readonly mark?: string;
  readonly sequencer: string;
  /** The version of the mark was deleted for good. */
  readonly removed?: true;
}

/** The journal is rewritten at the start when it has this many lines more than keys. */
const COMPACT_ABOVE_LINES = 5_000;

/**
 * Records which objects of a bucket were turned into events. On disk it is a journal, whose lines are flushed before `add`
 * resolves. A last line that a crash has cut off is dropped, so that its object is turned into an event again.
 */
export class BucketCursor {
  readonly #path: string;
  /** The latest mark of each key that exists. */
  readonly #marks = new Map<string, string>();
  readonly #versions = new Map<string, Set<string>>();
  readonly #sequencers = new Map<string, bigint>();
  #file: FileHandle | undefined;
  #lineCount = 0;
  #isNew = false;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const text = await this.#readJournal();
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n')) {
      if (line !== '') this.#apply(JSON.parse(line) as CursorEntry);
    }
    const isCutOff = whole.length < text.length;
    if (isCutOff || this.#lineCount > this.#marks.size + COMPACT_ABOVE_LINES) await this.#rewriteJournal();
  }

  /** Whether there is no journal yet, because the bucket is watched for the first time. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Creates the journal with the objects that are to make no events. After a crash it has all of them or does not exist. */
  async begin(entries: readonly CursorEntry[]): Promise<void> {
    for (const entry of entries) this.#apply(entry);
    await replaceFile(this.#path, linesOf(entries));
    this.#isNew = false;
  }

  has(object: ListedObject): boolean {
    if (object.versionId !== undefined) return this.#versions.get(object.key)?.has(object.versionId) ?? false;
    return this.#marks.get(object.key) === markOf(object);
  }

  /** Keys of the objects that exist, as of the cursor's last entries. */
  get keys(): Iterable<string> {
    return this.#marks.keys();
  }

  /** The versions that exist, as of the cursor's last entries. */
  *versions(): Generator<{ readonly key: string; readonly versionId: string }> {
    for (const [key, ids] of this.#versions) for (const versionId of ids) yield { key, versionId };
  }

  /**
   * The sequencer of a change, in hexadecimal: greater than every earlier one of its key. It is derived from the object's
   * time, so that an object gets the same sequencer again when the cursor was lost.
   */
  nextSequencer(key: string, lastModified: number): string {
    const byTime = BigInt(Math.trunc(lastModified)) << 16n;
    const last = this.#sequencers.get(key) ?? -1n;
    return formatSequencer(byTime > last ? byTime : last + 1n);
  }

  /** Records a sequencer that is in the queue and, because of a crash, not in the journal. */
  noteSequencer(key: string, sequencer: string): void {
    const given = parseSequencer(sequencer);
    if (given > (this.#sequencers.get(key) ?? -1n)) this.#sequencers.set(key, given);
  }

  /** Resolves once the lines are on disk. */
  async add(entries: readonly CursorEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) this.#apply(entry);
    this.#file ??= await open(this.#path, 'a');
    await this.#file.appendFile(linesOf(entries));
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #readJournal(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#isNew = true;
      return '';
    }
  }

  #apply({ key, mark, sequencer, removed }: CursorEntry): void {
    this.#lineCount += 1;
    this.#sequencers.set(key, parseSequencer(sequencer));
    if (mark === undefined) {
      this.#marks.delete(key);
      return;
    }
    if (removed) {
      this.#versions.get(key)?.delete(mark.slice(2));
      if (this.#marks.get(key) === mark) this.#marks.delete(key);
      return;
    }
    this.#marks.set(key, mark);
    if (mark.startsWith('v:')) {
      const versions = this.#versions.get(key) ?? new Set();
      versions.add(mark.slice(2));
      this.#versions.set(key, versions);
    }
  }

  /** Keeps all versions and the last sequencer of each key, also of deleted keys. */
  async #rewriteJournal(): Promise<void> {
    const entries: CursorEntry[] = [];
    for (const [key, last] of this.#sequencers) {
      const sequencer = formatSequencer(last);
      const current = this.#marks.get(key);
      for (const version of this.#versions.get(key) ?? []) {
        if (`v:${version}` !== current) entries.push({ key, mark: `v:${version}`, sequencer });
      }
      entries.push({ key, ...(current !== undefined && { mark: current }), sequencer });
    }
    await replaceFile(this.#path, linesOf(entries));
    this.#lineCount = entries.length;
  }
}

function linesOf(entries: readonly CursorEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

function formatSequencer(sequencer: bigint): string {
  return sequencer.toString(16).toUpperCase().padStart(18, '0');
}

function parseSequencer(text: string): bigint {
  return BigInt(`0x${text}`);
}
