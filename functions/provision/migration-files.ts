import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Migration } from '../ports/schema-migrator.ts';

const MIGRATION_FILE = /^(\d{4}_[a-z0-9_]+)\.sql$/;
/** Hidden files are never migrations: editors and file managers create some that end with `.sql`. */
const SQL_FILE = /^[^.].*\.sql$/i;

/**
 * Reads the migrations in one folder of `sql/`, in the order of their numbers. Ignores files that do not end with `.sql`,
 * such as notes and what editors leave behind.
 *
 * @throws when a `.sql` file has another name than `NNNN_word.sql`: it would otherwise be skipped unnoticed.
 */
export async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const files = entries.filter(({ name }) => SQL_FILE.test(name)).map((entry) => ({ entry, name: nameOf(entry.name) }));
  const misnamed = files.find(({ entry, name }) => name === undefined || entry.isDirectory());
  if (misnamed !== undefined) {
    throw new Error(
      `${misnamed.entry.name} in ${directory} is not applied: expected a file with a name like 0003_what_it_does.sql. ` +
        'Rename it, or give it another extension than .sql.',
    );
  }
  return Promise.all(
    files
      .sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1))
      .map(async ({ entry, name = '' }) => ({ name, sql: await readFile(join(directory, entry.name), 'utf8') })),
  );
}

function nameOf(file: string): string | undefined {
  return MIGRATION_FILE.exec(file)?.[1];
}
