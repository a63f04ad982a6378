import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../../functions/provision/migration-files.ts';

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

  it.each(['3_short.sql', '0003_Upper.sql', '0003_no_suffix', 'notes.md'])('refuses %s', async (file) => {
    await writeFile(join(directory, file), '');
    await expect(readMigrations(directory)).rejects.toThrow(/expected a name like 0003_what_it_does\.sql/);
  });

  it.each(['source', 'target'])('reads the migrations of the %s, which have no gap in their numbers', async (which) => {
    const names = (await readMigrations(join(__dirname, '../../../sql', which))).map(({ name }) => name);
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  });
});
