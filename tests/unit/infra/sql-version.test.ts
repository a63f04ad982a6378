import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSqlFiles, sqlVersion } from '../../../infra/sql-version.js';
import { ignoredSqlFiles, misnamedSqlFiles } from '../../fixtures/sql-files.ts';

let directory: string;
let first: string;
let before: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sql-version-'));
  first = join(directory, 'source', '0001_first.sql');
  mkdirSync(join(directory, 'source'));
  writeFileSync(first, 'create table a (id int)');
  before = hashSqlFiles(directory);
});

afterEach(() => rmSync(directory, { recursive: true }));

test.each<[string, () => void]>([
  ['a migration is added', () => writeFileSync(join(directory, 'source', '0002_second.sql'), 'create table b ()')],
  ['a migration is edited', () => writeFileSync(first, 'create table a (id bigint)')],
  ['a migration is renamed', () => renameSync(first, join(directory, 'source', '0001_other.sql'))],
  ['a migration moves to the other database', () => renameSync(join(directory, 'source'), join(directory, 'target'))],
])('the version changes when %s', (_change, change) => {
  change();
  expect(hashSqlFiles(directory)).not.toBe(before);
});

test.each(ignoredSqlFiles)('the version stays the same when there is a file %s, which is not a migration', (file) => {
  writeFileSync(join(directory, 'source', file), 'notes');
  expect(hashSqlFiles(directory)).toBe(before);
});

test.each(misnamedSqlFiles)('a file %s is refused, because it would not be deployed', (file) => {
  writeFileSync(join(directory, 'source', file), 'select 1');
  expect(() => hashSqlFiles(directory)).toThrow(`sql/source/${file} is not deployed: expected a name like`);
});

test('the version does not depend on line ends and byte order marks', () => {
  writeFileSync(first, 'create table a (\n id int)\n');
  const version = hashSqlFiles(directory);
  writeFileSync(first, '\uFEFFcreate table a (\r\n id int)\r\n');
  expect(hashSqlFiles(directory)).toBe(version);
});

test("the deployment's version is that of the project's migrations", () => {
  expect(sqlVersion()).toBe(hashSqlFiles(join(__dirname, '../../../sql')));
});
