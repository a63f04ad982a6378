import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ObjectWriter,
  repairObjectFiles,
  requireFauxqsVersion,
  writeObjectsAtomically,
} from '../../../../localstack/stack/servers/patched-fauxqs.ts';

const root = mkdtempSync(join(tmpdir(), 'object-files-'));
afterAll(() => rmSync(root, { recursive: true }));

let directory: string;
let objects: string;
beforeEach(() => {
  directory = mkdtempSync(join(root, 'case-'));
  objects = join(directory, 'buckets', 'bucket', 'objects');
  mkdirSync(objects, { recursive: true });
});

/** Writes files as fauxqs does. With `dieAfterData` it throws between the two files, like a kill. */
function writerBelow(base: string, dieAfterData = false): ObjectWriter {
  return {
    upsertObject(bucket, object) {
      const { key, body } = object as { key: string; body: string };
      const folder = join(base, 'buckets', bucket, 'objects');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${key}.data`), body);
      if (dieAfterData) throw new Error('killed');
      writeFileSync(join(folder, `${key}.meta.json`), JSON.stringify({ key, contentLength: body.length }));
    },
  };
}

const read = (name: string) => readFileSync(join(objects, name), 'utf8');

test('an object that is written twice has the data and metadata of the second write', () => {
  const store = writerBelow(directory);
  const staging = join(directory, '_staging');
  writeObjectsAtomically(store, writerBelow(staging), directory, staging);
  store.upsertObject('bucket', { key: 'a', body: 'one' });
  store.upsertObject('bucket', { key: 'a', body: 'second' });
  expect([read('a.data'), JSON.parse(read('a.meta.json'))]).toEqual(['second', { key: 'a', contentLength: 6 }]);
});

test('a kill while an object is overwritten leaves the previous object', () => {
  const store = writerBelow(directory);
  const staging = join(directory, '_staging');
  writerBelow(directory).upsertObject('bucket', { key: 'a', body: 'one' });
  writeObjectsAtomically(store, writerBelow(staging, true), directory, staging);
  expect(() => store.upsertObject('bucket', { key: 'a', body: 'second' })).toThrow('killed');
  expect([read('a.data'), JSON.parse(read('a.meta.json'))]).toEqual(['one', { key: 'a', contentLength: 3 }]);
});

test('incomplete metadata is removed, and so is metadata without data', () => {
  writeFileSync(join(objects, 'half.data'), 'x');
  writeFileSync(join(objects, 'half.meta.json'), '{"key": "ha');
  writeFileSync(join(objects, 'alone.meta.json'), '{"key": "alone"}');
  repairObjectFiles(directory);
  expect(readdirSync(objects)).toEqual(['half.data']);
});

test('metadata that is older than its data is written again', () => {
  writerBelow(directory).upsertObject('bucket', { key: 'a', body: 'one' });
  utimesSync(join(objects, 'a.meta.json'), new Date(0), new Date(0));
  writeFileSync(join(objects, 'a.data'), 'second');
  repairObjectFiles(directory);
  const etag = `"${createHash('md5').update('second').digest('hex')}"`;
  expect(JSON.parse(read('a.meta.json'))).toMatchObject({ key: 'a', contentLength: 6, etag });
});

test('a bucket keeps its name when its metadata is incomplete', () => {
  const path = join(directory, 'buckets', 'bucket', '.bucket.json');
  writeFileSync(path, '');
  repairObjectFiles(directory);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ name: 'bucket' });
  expect(existsSync(objects)).toBe(true);
});

test('refuses another version of fauxqs than the patched one', () => {
  const entry = pathToFileURL(join(directory, 'dist', 'app.js')).href;
  const install = (version: string) => writeFileSync(join(directory, 'package.json'), JSON.stringify({ version }));
  install('2.4.1');
  expect(() => requireFauxqsVersion(entry)).not.toThrow();
  install('2.4.2');
  expect(() => requireFauxqsVersion(entry)).toThrow('Expected fauxqs 2.4.1, which this file patches, but 2.4.2 is');
});
