import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../storage/durable-file.ts';
import { type ListedObject, markOf, NULL_VERSION } from './listed-object.ts';

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
  /** The latest mark of each key's null version that exists. */
  readonly #nullMarks = new Map<string, string>();
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
    if (object.versionId === NULL_VERSION) return this.#nullMarks.get(object.key) === markOf(object);
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
    for (const key of this.#nullMarks.keys()) yield { key, versionId: NULL_VERSION };
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
      this.#nullMarks.delete(key);
      return;
    }
    if (removed) {
      const isNull = mark === `v:${NULL_VERSION}`;
      const removedMark = isNull ? this.#nullMarks.get(key) : mark;
      if (isNull) this.#nullMarks.delete(key);
      else this.#versions.get(key)?.delete(mark.slice(2));
      if (this.#marks.get(key) === removedMark) this.#marks.delete(key);
      return;
    }
    this.#marks.set(key, mark);
    if (!mark.startsWith('v:')) this.#nullMarks.set(key, mark);
    else if (mark !== `v:${NULL_VERSION}`) {
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
      const nullMark = this.#nullMarks.get(key);
      const marks = [...(this.#versions.get(key) ?? [])].map((version) => `v:${version}`);
      if (nullMark !== undefined) marks.push(nullMark);
      // First, because it deletes the null version as well.
      if (current === undefined) entries.push({ key, sequencer });
      for (const mark of marks) if (mark !== current) entries.push({ key, mark, sequencer });
      if (current !== undefined) entries.push({ key, mark: current, sequencer });
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
