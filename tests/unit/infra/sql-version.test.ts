import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSqlFiles, sqlVersion } from '../../../infra/sql-version.js';

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

test('the version stays the same when a file that is no migration changes', () => {
  writeFileSync(join(directory, 'source', 'README.md'), 'notes');
  expect(hashSqlFiles(directory)).toBe(before);
});

test("the deployment's version is that of the project's migrations", () => {
  expect(sqlVersion()).toBe(hashSqlFiles(join(__dirname, '../../../sql')));
});
