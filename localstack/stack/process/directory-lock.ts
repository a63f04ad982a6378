import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { processIdentity } from './process-info.ts';

const SQLITE_BUSY = 5;

/**
 * Lets only one process at a time use a directory.
 *
 * The lock is an operating system lock on a file, so it is released when its process ends, however that happens, and a
 * reused process id cannot be mistaken for the holder. SQLite is the only access to file locks that Node has.
 */
export class DirectoryLock {
  readonly #directory: string;
  #database: DatabaseSync | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * @returns undefined when the lock was acquired, otherwise its holder. The holder's process id is undefined when the
   * holder is just acquiring or releasing the lock.
   */
  tryAcquire(): undefined | { heldBy: number | undefined } {
    mkdirSync(this.#directory, { recursive: true });
    const database = new DatabaseSync(join(this.#directory, 'lock'));
    try {
      database.exec('begin exclusive');
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      return { heldBy: readHolder(this.#holderPath) };
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

  /** The process that uses a directory, for messages: unlike `tryAcquire`, this never takes the lock. */
  static findHolder(directory: string): number | undefined {
    const pid = readHolder(holderPath(directory));
    return pid !== undefined && processIdentity(pid) !== undefined ? pid : undefined;
  }

  get #holderPath(): string {
    return holderPath(this.#directory);
  }
}

function holderPath(directory: string): string {
  return join(directory, 'lock.pid');
}

function readHolder(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}
