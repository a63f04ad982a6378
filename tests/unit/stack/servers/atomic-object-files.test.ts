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
import {
  mendObjectFiles,
  type ObjectWriter,
  writeObjectsAtomically,
} from '../../../../localstack/stack/servers/atomic-object-files.ts';

const root = mkdtempSync(join(tmpdir(), 'object-files-'));
afterAll(() => rmSync(root, { recursive: true }));

let directory: string;
let objects: string;
beforeEach(() => {
  directory = mkdtempSync(join(root, 'case-'));
  objects = join(directory, 'buckets', 'bucket', 'objects');
  mkdirSync(objects, { recursive: true });
});

/** Writes as fauxqs does; a death in between throws. */
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

test('an object that is put twice is the second, bytes and description', () => {
  const store = writerBelow(directory);
  const staging = join(directory, '_staging');
  writeObjectsAtomically(store, writerBelow(staging), directory, staging);
  store.upsertObject('bucket', { key: 'a', body: 'one' });
  store.upsertObject('bucket', { key: 'a', body: 'second' });
  expect([read('a.data'), JSON.parse(read('a.meta.json'))]).toEqual(['second', { key: 'a', contentLength: 6 }]);
});

test('a death while an object is overwritten leaves the one before', () => {
  const store = writerBelow(directory);
  const staging = join(directory, '_staging');
  writerBelow(directory).upsertObject('bucket', { key: 'a', body: 'one' });
  writeObjectsAtomically(store, writerBelow(staging, true), directory, staging);
  expect(() => store.upsertObject('bucket', { key: 'a', body: 'second' })).toThrow('killed');
  expect([read('a.data'), JSON.parse(read('a.meta.json'))]).toEqual(['one', { key: 'a', contentLength: 3 }]);
});

test('a description that is half written goes, and so does one without bytes', () => {
  writeFileSync(join(objects, 'half.data'), 'x');
  writeFileSync(join(objects, 'half.meta.json'), '{"key": "ha');
  writeFileSync(join(objects, 'alone.meta.json'), '{"key": "alone"}');
  mendObjectFiles(directory);
  expect(readdirSync(objects)).toEqual(['half.data']);
});

test('bytes that are newer than their description are described anew', () => {
  writerBelow(directory).upsertObject('bucket', { key: 'a', body: 'one' });
  utimesSync(join(objects, 'a.meta.json'), new Date(0), new Date(0));
  writeFileSync(join(objects, 'a.data'), 'second');
  mendObjectFiles(directory);
  const etag = `"${createHash('md5').update('second').digest('hex')}"`;
  expect(JSON.parse(read('a.meta.json'))).toMatchObject({ key: 'a', contentLength: 6, etag });
});

test('a bucket keeps its name when what describes it is half written', () => {
  const path = join(directory, 'buckets', 'bucket', '.bucket.json');
  writeFileSync(path, '');
  mendObjectFiles(directory);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ name: 'bucket' });
  expect(existsSync(objects)).toBe(true);
});
