import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestPom, type JarLock, jarLockPath } from '../stack/tools/locked-jars.ts';
import { copyDependencies } from '../stack/tools/maven.ts';
import { sha256 } from '../stack/tools/maven-repository.ts';
import { printResult } from './terminal/output.ts';
import { createProgram, runCommand } from './terminal/program.ts';

/** Jars, and DynamoDB Local's native libraries of SQLite. */
const LIBRARY = /\.(jar|so|dll|dylib)$/;

const SERVERS = join(import.meta.dirname, '..', 'stack', 'servers');

/**
 * `npm run lock:jars`: writes `jars.lock.json` beside each `pom.xml`, after one was changed. Needs Maven.
 *
 * The lock has the checksums of what Maven resolved, so that a start needs no Maven and verifies what it downloads.
 */
const program = createProgram(
  'npm run lock:jars',
  'Writes the checksums of the jars again after a pom.xml was changed. Needs Maven.',
).action(async () => {
  for (const path of readdirSync(SERVERS, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('pom.xml')) await lockJars(join(SERVERS, path));
  }
});

async function lockJars(pomPath: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lock-jars-'));
  try {
    const layout = '-Dmdep.useRepositoryLayout=true';
    const { signal } = new AbortController();
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
    printResult(`${jarLockPath(pomPath)}: ${files.length} files`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await runCommand(program);
