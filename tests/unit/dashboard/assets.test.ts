import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadAssets, shortHash } from '../../../functions/dashboard/assets.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assets-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function load(contents: Record<string, string>) {
  const paths = ['page.css', 'page.js', 'htmx.min.js', 'well.svg', 'attention.other'].map((name) => join(folder, name));
  for (const path of paths) {
    const name = path.slice(folder.length + 1);
    await writeFile(path, contents[name] ?? name);
  }
  const [style, script, htmx, iconWell, iconAttention] = paths as [string, string, string, string, string];
  return loadAssets({ style, script, htmx, iconWell, iconAttention });
}

test('the address of a file has the hash of its content, so that it changes with it', async () => {
  const before = (await load({})).urls;
  expect(before).toEqual({
    style: `/assets/page.${shortHash('page.css')}.css`,
    script: `/assets/page.${shortHash('page.js')}.js`,
    htmx: `/assets/htmx.min.${shortHash('htmx.min.js')}.js`,
    iconWell: `/assets/well.${shortHash('well.svg')}.svg`,
    iconAttention: `/assets/attention.${shortHash('attention.other')}.other`,
  });
  const after = (await load({ 'page.css': 'changed' })).urls;
  expect(after.style).not.toBe(before.style);
  expect({ ...after, style: before.style }).toEqual(before);
});

test('a hash has ten characters that need no escape in an address', () => {
  expect(shortHash('page')).toMatch(/^[\w-]{10}$/);
  expect(shortHash('page')).toBe(shortHash(Buffer.from('page')));
});

test('each file is served as what its name ends with', async () => {
  const { files, urls } = await load({});
  const typeOf = (url: string) => files.get(url)?.contentType;
  expect(Object.values(urls).map(typeOf)).toEqual([
    'text/css; charset=utf-8',
    ...['text/javascript; charset=utf-8', 'text/javascript; charset=utf-8'],
    ...['image/svg+xml', 'application/octet-stream'],
  ]);
});

test('each file is there as it is, and compressed', async () => {
  const { files } = await load({});
  expect(files.size).toBe(5);
  for (const { bytes, gzipped } of files.values()) expect(gunzipSync(gzipped)).toEqual(Buffer.from(bytes));
});
