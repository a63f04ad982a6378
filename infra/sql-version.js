import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A property of the resource `Provision`, so that CloudFormation runs it again after a migration was added or edited. */
export function sqlVersion() {
  return hashSqlFiles(join(import.meta.dirname, '../sql'));
}

/** The SHA-256 of the names and contents of all `.sql` files below a directory, in hexadecimal digits. */
export function hashSqlFiles(directory) {
  const hash = createHash('sha256');
  for (const file of readdirSync(directory, { recursive: true }).sort()) {
    if (!file.endsWith('.sql')) continue;
    const content = readFileSync(join(directory, file));
    hash.update(file).update('\0').update(content).update('\0');
  }
  return hash.digest('hex');
}
