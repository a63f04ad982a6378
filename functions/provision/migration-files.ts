import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Migration } from '../ports/schema-migrator.ts';

const MIGRATION_FILE = /^(\d{4}_[a-z0-9_]+)\.sql$/;

/**
 * Reads the migrations in one folder of `sql/`, in the order of their numbers.
 *
 * @throws when a file has another name than `NNNN_word.sql`: it would otherwise be skipped unnoticed.
 */
export async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const files = await readdir(directory);
  return Promise.all(
    files.sort().map(async (file) => {
      const name = MIGRATION_FILE.exec(file)?.[1];
      if (name === undefined) throw new Error(`${file} in ${directory}: expected a name like 0003_what_it_does.sql`);
      return { name, sql: await readFile(join(directory, file), 'utf8') };
    }),
  );
}
