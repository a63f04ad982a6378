import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCache } from '../../../localstack/stack/doctor/tool-checks.ts';
import { pomFiles } from '../../../localstack/stack/servers/pom-files.ts';
import { jarsDirectory, resolveJars } from '../../../localstack/stack/tools/maven-jars.ts';

const previous = process.env['XDG_CACHE_HOME'];
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => {
  if (previous === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = previous;
  rmSync(root, { recursive: true });
});

test('a cache that cannot be created is named with the variable that chooses another one', async () => {
  writeFileSync(join(root, 'file'), '');
  process.env['XDG_CACHE_HOME'] = join(root, 'file');
  expect(await checkCache()).toMatchObject({
    state: 'missing',
    remedy: 'choose another one with XDG_CACHE_HOME=DIR',
  });
});

test('a cache that has all jars needs nothing more', async () => {
  process.env['XDG_CACHE_HOME'] = root;
  for (const [name, pomPath] of Object.entries(pomFiles)) {
    mkdirSync(await jarsDirectory(name, pomPath), { recursive: true });
  }
  expect(await checkCache()).toMatchObject({ state: 'ok' });
});

test('a cache whose path Java would split is refused with the variable that chooses another one', async () => {
  process.env['XDG_CACHE_HOME'] = join(root, 'a:b');
  const context = { signal: new AbortController().signal, onNotice: () => {} };
  await expect(resolveJars('kafka', pomFiles.kafka, context)).rejects.toThrow(
    'because ":" separates the paths of a list: set XDG_CACHE_HOME to a directory without it.',
  );
});
