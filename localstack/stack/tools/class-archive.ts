import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Exit } from '../process/managed-process.ts';
import { sha256 } from './maven-repository.ts';

/** Relative to the working directory of the JVM. */
const UNSAVED = 'classes.jsa';
/** The JVM ignores an archive that it cannot use. It would also print a line for each class that it cannot archive. */
const SILENT = ['-Xlog:cds=off', '-Xlog:cds+dynamic=off'];

/**
 * The classes that a JVM has loaded from a directory of jars, parsed and verified, in one file (class data sharing). The
 * start of Kafka takes half of the CPU time with it.
 *
 * The first JVM writes the file at its exit, into its working directory. `save` then copies it to the cache, beside the
 * jars. The file's name depends on the Java and on the jars, because neither another Java nor other jars can use it.
 */
export class ClassArchive {
  readonly #path: string;
  readonly #workingDirectory: string;

  private constructor(path: string, workingDirectory: string) {
    this.#path = path;
    this.#workingDirectory = workingDirectory;
  }

  /** Call it before the JVM starts: deletes what an earlier JVM has left in the working directory. */
  static async of(java: string, jars: string, workingDirectory: string): Promise<ClassArchive> {
    await rm(join(workingDirectory, UNSAVED), { force: true });
    const names = (await readdir(jars)).sort();
    const files = [await realpath(java), ...names.map((name) => join(jars, name))];
    const key = sha256(JSON.stringify(await Promise.all(files.map(identify)))).slice(0, 12);
    return new ClassArchive(`${jars}-${key}.jsa`, workingDirectory);
  }

  get exists(): boolean {
    return existsSync(this.#path);
  }

  /** For JVMs that can use the archive, but do not write it. */
  get readOptions(): readonly string[] {
    return this.exists ? [`-XX:SharedArchiveFile=${this.#path}`, ...SILENT] : [];
  }

  /** For the JVM that writes the archive when there is none. */
  get options(): readonly string[] {
    return this.exists ? this.readOptions : [`-XX:ArchiveClassesAtExit=${UNSAVED}`, ...SILENT];
  }

  /** Call it after the JVM's exit. Does nothing when the JVM wrote no archive or was killed, maybe while it wrote. */
  async save(exit: Exit): Promise<void> {
    const unsaved = join(this.#workingDirectory, UNSAVED);
    if (!existsSync(unsaved)) return;
    if (exit.signal === null && !this.exists) {
      // Another process sees either no file or the whole file.
      const partial = `${this.#path}.${randomUUID()}.partial`;
      try {
        await copyFile(unsaved, partial);
        await this.#removeOthers();
        await rename(partial, this.#path);
      } finally {
        await rm(partial, { force: true });
      }
    }
    await rm(unsaved, { force: true });
  }

  /** Those of another Java or of jars that were downloaded again, 50 MB each. */
  async #removeOthers(): Promise<void> {
    const [directory, name] = [dirname(this.#path), basename(this.#path)];
    const prefix = name.slice(0, name.lastIndexOf('-') + 1);
    for (const entry of await readdir(directory)) {
      if (entry.startsWith(prefix) && entry.endsWith('.jsa')) await rm(join(directory, entry), { force: true });
    }
  }
}

async function identify(file: string): Promise<readonly unknown[]> {
  const { size, mtimeMs } = await stat(file);
  return [file, size, mtimeMs];
}
