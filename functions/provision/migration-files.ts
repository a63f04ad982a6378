import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MIGRATION_FILE = /^(\d{4}_[a-z0-9_]+)\.sql$/;

/** The migrations in one folder of `sql/`; a file that is named otherwise is a mistake and not skipped. */
export async function readMigrations(directory: string): Promise<{ readonly name: string; readonly sql: string }[]> {
  const files = await readdir(directory);
  return Promise.all(
    files.sort().map(async (file) => {
      const name = MIGRATION_FILE.exec(file)?.[1];
      if (name === undefined) throw new Error(`${file} in ${directory}: expected a name like 0003_what_it_does.sql`);
      return { name, sql: await readFile(join(directory, file), 'utf8') };
    }),
  );
}
