import { readFile } from 'node:fs/promises';
import { eventually } from '../../../support/eventually.ts';
import { StoppedClock } from '../jumping-clock.ts';
import { objectAt, sourceOn, useJournal } from './bucket-source-rig.ts';

const journalPath = useJournal();
const STARTED_AT = Date.parse('2026-11-22T10:00:00.500Z');
const clock = () => new StoppedClock(STARTED_AT);
const before = objectAt(STARTED_AT - 10_000, { key: 'before' });
const after = objectAt(STARTED_AT + 1, { key: 'after' });

/** Starts a source on the contents, and waits for the pause after its first listing. */
async function started(existingObjects: 'notify' | 'ignore', contents = [before, after]) {
  const time = clock();
  const run = sourceOn(time, { existingObjects });
  run.listing.contents = contents;
  run.source.start([]);
  await eventually(() => time.waits.length > 0);
  return run;
}

const keysOf = (queued: readonly { object: { key: string } }[]) => queued.map(({ object }) => object.key);
const messages = (lines: readonly Record<string, unknown>[]) => lines.map(({ message }) => String(message));

test('[known] objects from before the first start become events, and a line says so once', async () => {
  const first = await started('notify');
  await first.source.stop();
  expect(keysOf(first.queued)).toEqual(['before', 'after']);
  const told = messages(first.lines).filter((line) => line.includes('from before the first start'));
  expect(told).toEqual([expect.stringContaining('set s3.existingObjects to ignore')]);
  const second = await started('notify', [before, after, objectAt(STARTED_AT - 1, { key: 'meanwhile' })]);
  await second.source.stop();
  expect(keysOf(second.queued)).toEqual(['meanwhile']);
  expect(messages(second.lines).join()).not.toContain('first start');
});

test('a bucket that is empty at its first start has no such line', async () => {
  const { source, lines } = await started('notify', [after]);
  await source.stop();
  expect(messages(lines).join()).not.toContain('first start');
});

test('[known] existingObjects: ignore makes no events of them, as AWS, and of all later ones', async () => {
  const first = await started('ignore');
  expect(first.lines).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining('no events'), objects: 1 }),
  );
  await first.source.stop();
  expect(keysOf(first.queued)).toEqual(['after']);
  const second = await started('ignore', [before, after, objectAt(STARTED_AT - 1, { key: 'meanwhile' })]);
  await second.source.stop();
  expect(keysOf(second.queued)).toEqual(['meanwhile']);
});

test('existingObjects: ignore keeps an overwritten or deleted object an event', async () => {
  const { source, listing, queued } = await started('ignore', [before, objectAt(1_000, { key: 'gone' })]);
  listing.contents = [objectAt(STARTED_AT + 5, { key: 'before' })];
  source.notified('before', 'ObjectCreated:Put');
  await eventually(() => queued.length === 2);
  await source.stop();
  expect(queued.map(({ eventName, object }) => `${eventName} ${object.key}`)).toEqual([
    'ObjectCreated:Put before',
    'ObjectRemoved:Delete gone',
  ]);
});

test('existingObjects: ignore counts an object of the second of the start as new where a server lists seconds', async () => {
  const second = Math.floor(STARTED_AT / 1_000) * 1_000;
  const { source, queued } = await started('ignore', [objectAt(second), objectAt(second - 1_000, { key: 'b' })]);
  await source.stop();
  expect(keysOf(queued)).toEqual(['a']);
});

test('existingObjects: ignore holds for an empty bucket too', async () => {
  await (await started('ignore', [])).source.stop();
  expect(await readFile(journalPath(), 'utf8')).toBe('');
  const { source, queued } = await started('ignore', [before]);
  await source.stop();
  expect(keysOf(queued)).toEqual(['before']);
});

test('existingObjects: ignore covers all versions', async () => {
  const versions = [
    objectAt(3_000, { versionId: 'v3' }),
    objectAt(2_000, { versionId: 'v2', deleteMarker: true }),
    objectAt(1_000, { versionId: 'v1' }),
  ];
  const run = sourceOn(clock(), { existingObjects: 'ignore' });
  run.listing.isVersionedBucket = true;
  run.listing.contents = versions;
  run.source.start([]);
  await run.source.polling();
  await run.source.stop();
  expect(run.queued).toEqual([]);
});

test.each([
  ['prefix', { prefix: 'in box/' }, 'in+box/'],
  ['suffix', { suffix: 'ü.csv' }, '%C3%BC.csv'],
])('[documented] a %s that no encoded key matches is told with its encoded form', async (rule, filter, expected) => {
  const { source, lines } = sourceOn(clock(), filter);
  source.start([]);
  await source.polling();
  await source.stop();
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      message: `no key matches this ${rule}, because S3 compares it with the encoded key: write it encoded`,
      function: 'fn',
      expected,
      found: Object.values(filter)[0],
    }),
  );
});
