/**
 * `npm run lock:jars`: writes `jars.lock.json` beside each `pom.xml`, after one was changed. Needs Maven.
 *
 * The lock has the checksums of what Maven resolved, so that a start needs no Maven and verifies what it downloads.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestPom, type JarLock, jarLockPath } from './locked-jars.ts';
import { copyDependencies } from './maven.ts';
import { sha256 } from './maven-repository.ts';

/** Jars, and DynamoDB Local's native libraries of SQLite. */
const LIBRARY = /\.(jar|so|dll|dylib)$/;

const SERVERS = join(import.meta.dirname, '..', 'servers');
const { signal } = new AbortController();
for (const path of readdirSync(SERVERS, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('pom.xml')) continue;
  const pomPath = join(SERVERS, path);
  const directory = mkdtempSync(join(tmpdir(), 'lock-jars-'));
  try {
    const layout = '-Dmdep.useRepositoryLayout=true';
    await copyDependencies(pomPath, directory, { signal, onLine: () => {}, options: [layout] });
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
    const files = names
      .filter((name) => LIBRARY.test(name))
      .map((name) => {
        const content = readFileSync(join(directory, name));
        return { path: name.replaceAll('\\', '/'), bytes: content.length, sha256: sha256(content) };
      });
    const lock: JarLock = { pom: await digestPom(pomPath), files };
    writeFileSync(jarLockPath(pomPath), `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`${jarLockPath(pomPath)}: ${files.length} files`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
