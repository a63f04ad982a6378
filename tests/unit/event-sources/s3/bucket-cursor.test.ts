import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BucketCursor } from '../../../../localstack/event-sources/s3/bucket-cursor.ts';
import { type ListedObject, markOf } from '../../../../localstack/event-sources/s3/listed-object.ts';

describe('The cursor of a bucket', () => {
  let directory: string;
  const object: ListedObject = { key: 'k', eTag: '"e"', lastModified: 1_000, size: 1 };
  const cursorAt = async () => {
    const cursor = new BucketCursor(join(directory, 'b.jsonl'));
    await cursor.load();
    return cursor;
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cursor-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('remembers after a restart what it has seen, and other content of the key is new', async () => {
    const before = await cursorAt();
    await before.add([{ key: 'k', mark: markOf(object), sequencer: before.nextSequencer('k', 1_000) }]);
    await before.close();
    const after = await cursorAt();
    expect(after.has(object)).toBe(true);
    expect(after.has({ ...object, eTag: '"other"' })).toBe(false);
    expect(after.has({ ...object, lastModified: 2_000 })).toBe(false);
    expect(after.has({ ...object, versionId: 'v1' })).toBe(false);
    await after.close();
  });

  const seen = (cursor: BucketCursor, ...objects: ListedObject[]) =>
    cursor.add(objects.map((one) => ({ key: 'k', mark: markOf(one), sequencer: '000000000000000001' })));
  const removal = (mark: string) => ({ key: 'k', mark, sequencer: '000000000000000001', removed: true as const });

  test('other content of a null version is new, also beside other versions', async () => {
    const cursor = await cursorAt();
    const first = { ...object, versionId: 'null' };
    const second = { ...first, lastModified: 2_000 };
    const version = { ...object, versionId: 'v1' };
    await seen(cursor, first);
    expect(cursor.has(first)).toBe(true);
    expect(cursor.has(second)).toBe(false);
    await seen(cursor, second, version);
    expect([second, version].map((one) => cursor.has(one))).toEqual([true, true]);
    expect([...cursor.versions()].map(({ versionId }) => versionId)).toEqual(['v1', 'null']);
    await cursor.add([removal('v:null')]);
    expect([second, version].map((one) => cursor.has(one))).toEqual([false, true]);
    await cursor.close();
  });

  test('an object from before the bucket kept versions is no new one afterward', async () => {
    const cursor = await cursorAt();
    await seen(cursor, object);
    expect(cursor.has({ ...object, versionId: 'null' })).toBe(true);
    await cursor.close();
  });

  test.each([
    ['exists', false],
    ['was deleted', true],
  ])('a journal that was rewritten has the null version of a key whose last version %s', async (_name, isDeleted) => {
    const before = await cursorAt();
    const [first, last] = ['null', 'v1'].map((versionId) => ({ ...object, versionId })) as [ListedObject, ListedObject];
    await seen(before, first, last);
    if (isDeleted) await before.add([removal('v:v1')]);
    await before.close();
    // A line that is cut off makes the cursor rewrite the journal.
    await appendFile(join(directory, 'b.jsonl'), '{"key":"half');
    await (await cursorAt()).close();
    const after = await cursorAt();
    expect([after.has(first), after.has(last)]).toEqual([true, !isDeleted]);
    await after.close();
  });

  test('sequencers of a key grow, also within one millisecond, with a clock that goes back, and over a restart', async () => {
    const before = await cursorAt();
    const given: string[] = [];
    for (const time of [1_000, 1_000, 500]) {
      const sequencer = before.nextSequencer('k', time);
      given.push(sequencer);
      await before.add([{ key: 'k', mark: markOf({ ...object, lastModified: time }), sequencer }]);
    }
    await before.close();
    const after = await cursorAt();
    given.push(after.nextSequencer('k', 900));
    await after.close();
    expect([...given].sort()).toEqual(given);
    expect(new Set(given).size).toBe(4);
  });

  test('drops a last line that a crash has cut off, and continues after it', async () => {
    const before = await cursorAt();
    await before.add([{ key: 'k', mark: markOf(object), sequencer: '000000000000000001' }]);
    await before.close();
    const path = join(directory, 'b.jsonl');
    await writeFile(path, `${await readFile(path, 'utf8')}{"key":"half`);
    const after = await cursorAt();
    expect(after.has(object)).toBe(true);
    await after.add([{ key: 'l', mark: 'm', sequencer: '000000000000000001' }]);
    await after.close();
    const again = await cursorAt();
    expect([...again.keys]).toEqual(['k', 'l']);
    await again.close();
  });
});
