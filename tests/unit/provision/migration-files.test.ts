import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../../functions/provision/migration-files.ts';
import { ignoredSqlFiles, misnamedSqlFiles } from '../../fixtures/sql-files.ts';

describe('readMigrations', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('returns the files of a folder in the order of their numbers', async () => {
    await writeFile(join(directory, '0010_ten.sql'), 'select 10');
    await writeFile(join(directory, '0002_two.sql'), 'select 2');
    expect(await readMigrations(directory)).toEqual([
      { name: '0002_two', sql: 'select 2' },
      { name: '0010_ten', sql: 'select 10' },
    ]);
  });

  it.each(misnamedSqlFiles)('refuses %s', async (file) => {
    await writeFile(join(directory, file), '');
    const message = `${file} in ${directory} is not applied: expected a file with a name like 0003_what_it_does.sql. Rename it`;
    await expect(readMigrations(directory)).rejects.toThrow(message);
  });

  it('refuses a folder with the name of a migration', async () => {
    await mkdir(join(directory, '0001_folder.sql'));
    await expect(readMigrations(directory)).rejects.toThrow('0001_folder.sql in');
  });

  it.each(ignoredSqlFiles)('ignores %s', async (file) => {
    await writeFile(join(directory, '0001_one.sql'), 'select 1');
    await writeFile(join(directory, file), 'no migration');
    expect(await readMigrations(directory)).toEqual([{ name: '0001_one', sql: 'select 1' }]);
  });

  it.each(['source', 'target'])('reads the migrations of the %s, which have no gap in their numbers', async (which) => {
    const names = (await readMigrations(join(__dirname, '../../../sql', which))).map(({ name }) => name);
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  });
});
