import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** The part of fauxqs' file store that writes objects: for each `KEY.data` with the bytes and `KEY.meta.json`. */
export interface ObjectWriter {
  upsertObject(bucket: string, object: object): void;
}

/**
 * Makes an overwritten object change at once, so that a kill in the middle of an upload leaves the one before.
 *
 * `staged` writes below `stagingDirectory`, whose files are then renamed into their places below `directory`: the bytes
 * first, then what describes them.
 */
export function writeObjectsAtomically(
  store: ObjectWriter,
  staged: ObjectWriter,
  directory: string,
  stagingDirectory: string,
): void {
  store.upsertObject = (bucket, object) => {
    rmSync(join(stagingDirectory, 'buckets'), { recursive: true, force: true });
    staged.upsertObject(bucket, object);
    // "KEY.data" sorts before "KEY.meta.json".
    for (const path of filesBelow(stagingDirectory).sort()) {
      const target = join(directory, relative(stagingDirectory, path));
      mkdirSync(dirname(target), { recursive: true });
      renameSync(path, target);
    }
  };
}

/**
 * Mends what a kill at the wrong moment leaves: a description that is half written belongs to an upload that was never
 * acknowledged and goes; bytes that are newer than their description have arrived in full and are described anew.
 */
export function mendObjectFiles(directory: string): void {
  for (const path of filesBelow(directory)) {
    if (!path.endsWith('.json')) continue;
    const description = readDescription(path);
    if (description === undefined) {
      if (basename(path) === '.bucket.json') writeFileSync(path, JSON.stringify(describeBucket(path)));
      else rmSync(path);
      continue;
    }
    const dataPath = path.replace(/\.meta\.json$/, '.data');
    if (dataPath === path) continue;
    const data = statSync(dataPath, { throwIfNoEntry: false });
    if (data === undefined) rmSync(path);
    else if (data.mtimeMs > statSync(path).mtimeMs) {
      const etag = `"${createHash('md5').update(readFileSync(dataPath)).digest('hex')}"`;
      const { key, contentType } = description;
      const mended = { key, contentType, contentLength: data.size, etag, lastModified: data.mtime.toISOString() };
      writeFileSync(path, JSON.stringify({ ...mended, metadata: {} }));
    }
  }
}

function readDescription(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function describeBucket(path: string): object {
  return { name: basename(dirname(path)), creationDate: statSync(dirname(path)).birthtime.toISOString() };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
