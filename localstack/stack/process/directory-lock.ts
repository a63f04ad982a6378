import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/**
 * Makes sure that one process at a time uses a directory.
 *
 * The operating system holds the lock (through SQLite, the one file lock that Node ships), so that it goes with the
 * process however that ends, and a process id that is used again means nothing.
 */
export class DirectoryLock {
  readonly #directory: string;
  #database: DatabaseSync | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns undefined when taken, else the id of the process that holds it, as far as it is known. */
  tryAcquire(): undefined | { heldBy: number | undefined } {
    mkdirSync(this.#directory, { recursive: true });
    const database = new DatabaseSync(join(this.#directory, 'lock'));
    try {
      database.exec('begin exclusive');
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode !== sqliteBusy) throw error;
      return { heldBy: this.#readHolder() };
    }
    this.#database = database;
    writeFileSync(this.#holderPath, String(process.pid));
    return undefined;
  }

  release(): void {
    if (this.#database === undefined) return;
    rmSync(this.#holderPath, { force: true });
    this.#database.close();
    this.#database = undefined;
  }

  get #holderPath(): string {
    return join(this.#directory, 'lock.pid');
  }

  #readHolder(): number | undefined {
    try {
      return Number.parseInt(readFileSync(this.#holderPath, 'utf8'), 10) || undefined;
    } catch {
      // The holder is just about to write or to remove it.
      return undefined;
    }
  }
}
