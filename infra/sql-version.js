import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A property of the resource `Provision`, so that CloudFormation runs it again after a migration was added or edited. */
export function sqlVersion() {
  return hashSqlFiles(join(import.meta.dirname, '../sql'));
}

/** The files that `provision` applies, and those that it refuses. Hidden files are what editors and file managers create. */
const MIGRATION_FILE = /^\d{4}_[a-z0-9_]+\.sql$/;
const SQL_FILE = /^[^.].*\.sql$/i;

/**
 * The SHA-256 of the paths and contents of all migrations below a directory, in hexadecimal digits. It does not depend on
 * line ends or on the system's path separator.
 *
 * @throws when a `.sql` file is not named like a migration: it would not be packaged.
 */
export function hashSqlFiles(directory) {
  const hash = createHash('sha256');
  const paths = readdirSync(directory, { recursive: true }).map((path) => path.replaceAll('\\', '/'));
  for (const path of paths.sort()) {
    if (!SQL_FILE.test(basename(path))) continue;
    if (!MIGRATION_FILE.test(basename(path))) {
      throw new Error(
        `sql/${path} is not deployed: expected a name like 0003_what_it_does.sql. ` +
          'Rename it, or give it another extension than .sql.',
      );
    }
    const content = readFileSync(join(directory, path), 'utf8')
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n');
    hash.update(path).update('\0').update(content).update('\0');
  }
  return hash.digest('hex');
}
