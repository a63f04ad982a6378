import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassArchive } from '../../../../localstack/stack/tools/class-archive.ts';

const stopped = { code: 143, signal: null };
let root: string;
let java: string;
let jars: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'class-archive-'));
  [java, jars] = [join(root, 'java'), join(root, 'cache', 'kafka-1')];
  mkdirSync(jars, { recursive: true });
  mkdirSync(join(root, 'run'));
  writeFileSync(java, 'java 17');
  writeFileSync(join(jars, 'a.jar'), 'first');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = () => ClassArchive.of(java, jars, join(root, 'run'));
const jvmWrites = (content: string) => writeFileSync(join(root, 'run', 'classes.jsa'), content);
const cached = () => readdirSync(join(root, 'cache')).filter((name) => name !== 'kafka-1');

async function saveOne(content = 'classes'): Promise<string> {
  const archive = await open();
  jvmWrites(content);
  await archive.save(stopped);
  return join(root, 'cache', cached()[0] ?? '');
}

test('the first JVM writes an archive, which the next ones use', async () => {
  const first = await open();
  expect(first.options).toContain('-XX:ArchiveClassesAtExit=classes.jsa');
  expect(first.readOptions).toEqual([]);

  const path = await saveOne();

  expect(readFileSync(path, 'utf8')).toBe('classes');
  const next = await open();
  expect(next.options).toContain(`-XX:SharedArchiveFile=${path}`);
  expect(next.readOptions).toEqual(next.options);
});

test('a JVM that was killed may have written a part only, which is deleted', async () => {
  const archive = await open();
  jvmWrites('a part');
  await archive.save({ code: null, signal: 'SIGKILL' });
  expect(cached()).toEqual([]);
  expect(existsSync(join(root, 'run', 'classes.jsa'))).toBe(false);
});

test('nothing is saved when the JVM wrote nothing, even if an earlier one did', async () => {
  jvmWrites('of a JVM whose process was killed');
  await (await open()).save(stopped);
  expect(cached()).toEqual([]);
});

test('an archive that another process has saved meanwhile is kept', async () => {
  const path = await saveOne('theirs');
  await saveOne('ours');
  expect(readFileSync(path, 'utf8')).toBe('theirs');
});

test.each([
  ['another Java', () => writeFileSync(java, 'java 25, longer')],
  ['another jar', () => writeFileSync(join(jars, 'b.jar'), 'second')],
])('with %s, an archive is written again and replaces the unusable one', async (_, change) => {
  const path = await saveOne();
  change();
  expect((await open()).options).toContain('-XX:ArchiveClassesAtExit=classes.jsa');
  const replaced = await saveOne('new classes');
  expect(replaced).not.toBe(path);
  expect(cached()).toHaveLength(1);
  expect(readFileSync(replaced, 'utf8')).toBe('new classes');
});
