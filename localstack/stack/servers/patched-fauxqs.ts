import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/*
 * All patches of fauxqs. Its repository, https://github.com/kibertoad/fauxqs, has no issue about these faults:
 *
 * 1. `startFauxqs` listens on every address and ignores its option `host`. So the server is built from its parts, of which
 *    `S3Store` and `FileS3Persistence` are not exported.
 * 2. A request body above 11 MiB fails with 413. S3 accepts 5 GiB in one request.
 * 3. A PUT without Content-Type, as clients send it for an empty object, fails with 500.
 * 4. The body of a PUT with the Content-Type of a form, which is curl's default, is stored parsed instead of as it is.
 * 5. Objects are overwritten in place, so that a kill during an upload destroys the previous object.
 *
 * tests/contract/fauxqs-faults.test.ts fails when fauxqs no longer has one of them.
 */
const FAUXQS_VERSION = '2.4.1';

/** The largest body that S3 accepts in one request. */
const MAX_REQUEST_BYTES = 5 * 1024 ** 3;

/** The part of `FileS3Persistence` that writes `KEY.data`, the bytes, and `KEY.meta.json`, their metadata. */
export interface ObjectWriter {
  upsertObject(bucket: string, object: object): void;
}

interface Persistence extends ObjectWriter {
  loadS3(store: object): void;
  close(): void;
}

/** An S3 server that keeps its objects in the directory; the caller lets it listen. */
export async function buildPatchedFauxqs(directory: string) {
  const entry = import.meta.resolve('fauxqs');
  requireFauxqsVersion(entry);
  const { buildApp } = await import('fauxqs');
  const { S3Store } = (await import(new URL('./s3/s3Store.js', entry).href)) as {
    S3Store: new () => { persistence?: Persistence };
  };
  const { FileS3Persistence } = (await import(new URL('./s3/fileS3Persistence.js', entry).href)) as {
    FileS3Persistence: new (directory: string) => Persistence;
  };

  const stagingDirectory = join(directory, '_staging');
  rmSync(stagingDirectory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  repairObjectFiles(directory);
  const s3Store = new S3Store();
  const persistence = new FileS3Persistence(directory);
  writeObjectsAtomically(persistence, new FileS3Persistence(stagingDirectory), directory, stagingDirectory);
  persistence.loadS3(s3Store);
  s3Store.persistence = persistence;

  const app = buildApp({ logger: false, stores: { s3Store } as never });
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('onRequest', ({ method, headers }, _reply, done) => {
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    if (headers['content-type'] === undefined || (method === 'PUT' && isForm)) {
      headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
  app.addHook('preClose', () => persistence.close());
  return app;
}

/** @param entry The URL of the package's main module. @throws when its version is not the one that is patched here. */
export function requireFauxqsVersion(entry: string): void {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', entry), 'utf8')) as { version: string };
  if (version === FAUXQS_VERSION) return;
  throw new Error(
    `Expected fauxqs ${FAUXQS_VERSION}, which this file patches, but ${version} is installed: ` +
      'run "npm ci", or check each patch against the new version.',
  );
}

/**
 * Makes `store` replace objects atomically, except for the moment between the two renames, which `repairObjectFiles`
 * repairs. `staged` must write below `stagingDirectory`; its files are then renamed into `directory`.
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
    // Renames "KEY.data" before "KEY.meta.json".
    for (const path of filesBelow(stagingDirectory).sort()) {
      const target = join(directory, relative(stagingDirectory, path));
      mkdirSync(dirname(target), { recursive: true });
      renameSync(path, target);
    }
  };
}

/**
 * Repairs the files after a kill during a write. Incomplete metadata belongs to an upload that was not acknowledged,
 * so it is removed. Data that is newer than its metadata is complete, so its metadata is written again.
 */
export function repairObjectFiles(directory: string): void {
  for (const path of filesBelow(directory)) {
    if (!path.endsWith('.json')) continue;
    const metadata = readMetadata(path);
    if (metadata === undefined) {
      if (basename(path) === '.bucket.json') writeFileSync(path, JSON.stringify(bucketMetadata(path)));
      else rmSync(path);
      continue;
    }
    const dataPath = path.replace(/\.meta\.json$/, '.data');
    if (dataPath === path) continue;
    const data = statSync(dataPath, { throwIfNoEntry: false });
    if (data === undefined) rmSync(path);
    else if (data.mtimeMs > statSync(path).mtimeMs) {
      const etag = `"${createHash('md5').update(readFileSync(dataPath)).digest('hex')}"`;
      const { key, contentType } = metadata;
      const repaired = { key, contentType, contentLength: data.size, etag, lastModified: data.mtime.toISOString() };
      writeFileSync(path, JSON.stringify({ ...repaired, metadata: {} }));
    }
  }
}

function readMetadata(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function bucketMetadata(path: string): object {
  return { name: basename(dirname(path)), creationDate: statSync(dirname(path)).birthtime.toISOString() };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
