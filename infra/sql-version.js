import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Changes whenever a migration does, so that the deployment that brings it applies it. */
export function sqlVersion() {
  const sql = join(import.meta.dirname, '../sql');
  const hash = createHash('sha256');
  for (const file of readdirSync(sql, { recursive: true }).sort()) {
    if (file.endsWith('.sql'))
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(sql, file)))
        .update('\0');
  }
  return hash.digest('hex');
}
