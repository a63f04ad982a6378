import { readFile, rm, writeFile } from 'node:fs/promises';
import type { QueuedEvent } from '../../../../localstack/event-sources/model/async-invocation.ts';
import { eventually } from '../../../support/eventually.ts';
import { JumpingClock, StoppedClock } from '../jumping-clock.ts';
import { objectAt, POLL_INTERVAL_MS, sourceOn, useJournal } from './bucket-source-rig.ts';

const journalPath = useJournal();

describe('The pause after a listing', () => {
  async function firstPause(listingMs: number, queueingMs: number): Promise<number | undefined> {
    const clock = new StoppedClock();
    const { source, listing } = sourceOn(clock, { onEnqueue: () => clock.advance(queueingMs) });
    listing.contents = [objectAt(1)];
    listing.onListing = () => clock.advance(listingMs);
    source.start([]);
    await eventually(() => clock.waits.length > 0);
    await source.stop();
    return clock.waits[0];
  }

  test.each([
    ['is the poll interval after a short listing', { listingMs: 1, pauseMs: POLL_INTERVAL_MS }],
    ['is four times as long as the listing', { listingMs: 100, pauseMs: 400 }],
    ['is at most five seconds', { listingMs: 60_000, pauseMs: 5_000 }],
  ])('%s', async (_name, { listingMs, pauseMs }) => {
    expect(await firstPause(listingMs, 0)).toBe(pauseMs);
  });

  test('does not depend on the time that queueing the events takes', async () => {
    expect(await firstPause(0, 500)).toBe(POLL_INTERVAL_MS);
  });

  test('ends with a notification, whose event name the object gets', async () => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    source.start([]);
    await eventually(() => clock.waits.length === 1);
    listing.contents = [objectAt(1)];
    source.notified('a', 'ObjectCreated:Copy');
    await eventually(() => queued.length === 1);
    // The reported name is for one event only.
    listing.contents = [objectAt(2)];
    source.notified('other', 'ObjectCreated:Put');
    await eventually(() => queued.length === 2);
    await source.stop();
    expect(queued).toMatchObject([
      { functionName: 'fn', eventName: 'ObjectCreated:Copy', object: { key: 'a' } },
      { functionName: 'fn', eventName: 'ObjectCreated:Put', object: { key: 'a' } },
    ]);
  });

  test('is left out when a notification arrives during the listing', async () => {
    const clock = new StoppedClock();
    const { source, listing } = sourceOn(clock);
    listing.onListing = () => {
      if (listing.listingCount === 1) source.notified('a', 'ObjectCreated:Put');
    };
    source.start([]);
    await eventually(() => listing.listingCount === 2);
    await source.stop();
  });
});

test('a version that is older becomes an event first, and a delete marker in its place', async () => {
  const clock = new StoppedClock();
  const { source, listing, queued } = sourceOn(clock);
  listing.isVersionedBucket = true;
  // As S3 lists them: newest first, and the third of the same time as the second.
  listing.contents = [
    objectAt(2_000, { versionId: 'v3', eTag: '"e-2"' }),
    objectAt(2_000, { versionId: 'v2', deleteMarker: true }),
    objectAt(1_000, { versionId: 'v1' }),
  ];
  source.start([]);
  await source.polling();
  await source.stop();
  expect(queued.map(({ object, eventName }) => [object.versionId, eventName])).toEqual([
    ['v1', 'ObjectCreated:Put'],
    ['v2', 'ObjectRemoved:DeleteMarkerCreated'],
    ['v3', 'ObjectCreated:CompleteMultipartUpload'],
  ]);
  const sequencers = queued.map(({ object }) => object.sequencer);
  expect([...new Set(sequencers)].sort()).toEqual(sequencers);
});

test('objects of a page become events in the order of their times', async () => {
  const { source, listing, queued } = sourceOn(new StoppedClock());
  listing.contents = [objectAt(2_000), objectAt(1_000, { key: 'b' }), objectAt(3_000, { key: 'c' })];
  source.start([]);
  await source.polling();
  await source.stop();
  expect(queued.map(({ object }) => object.key)).toEqual(['b', 'a', 'c']);
});

test('when an event cannot be queued, it is queued later, and the others of its listing once', async () => {
  const keys = ['a', 'b', 'c'];
  let attempts = 0;
  const { source, listing, queued } = sourceOn(new JumpingClock(), {
    onEnqueue: () => {
      attempts += 1;
      if (attempts === 2) throw new Error('disk full');
    },
  });
  listing.contents = keys.map((key, index) => objectAt(index, { key }));
  source.start([]);
  await eventually(() => queued.length === 3);
  await source.stop();
  expect(queued.map(({ object }) => object.key)).toEqual(['a', 'c', 'b']);
});

describe('[documented] a version that the listing no longer has', () => {
  const contents = [objectAt(2_000, { versionId: 'v2' }), objectAt(1_000, { versionId: 'v1' })];

  test('is deleted for good, once, also over a restart', async () => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    listing.isVersionedBucket = true;
    listing.contents = contents;
    source.start([]);
    await source.polling();
    listing.contents = contents.slice(0, 1);
    source.notified('a', 'ObjectRemoved:Delete');
    await eventually(() => clock.waits.length === 2);
    await source.stop();
    expect(queued.map(({ eventName, object }) => [eventName, object.versionId])).toEqual([
      ['ObjectCreated:Put', 'v1'],
      ['ObjectCreated:Put', 'v2'],
      ['ObjectRemoved:Delete', 'v1'],
    ]);
    const again = sourceOn(new StoppedClock());
    again.listing.isVersionedBucket = true;
    again.listing.contents = contents.slice(0, 1);
    again.source.start([]);
    await again.source.polling();
    await again.source.stop();
    expect(again.queued).toEqual([]);
  });

  test('is not deleted again when an earlier process has queued its event', async () => {
    const before = sourceOn(new StoppedClock());
    before.listing.isVersionedBucket = true;
    before.listing.contents = contents;
    before.source.start([]);
    await before.source.polling();
    await before.source.stop();
    const journal = await readFile(journalPath());
    const deleting = async (recovered: readonly QueuedEvent[]) => {
      const { source, listing, queued } = sourceOn(new StoppedClock());
      listing.isVersionedBucket = true;
      source.start(recovered);
      await source.polling();
      await source.stop();
      return queued;
    };
    const queued = await deleting([]);
    expect(queued.map(({ object }) => object.versionId).sort()).toEqual(['v1', 'v2']);
    // A crash between queue and cursor.
    await writeFile(journalPath(), journal);
    const origin = queued.find(({ object }) => object.versionId === 'v1')?.origin;
    const recovered = { id: '1', functionName: 'fn', payload: '{}', enqueuedAt: 0, attempts: 0 };
    expect((await deleting([{ ...recovered, origin }])).map(({ object }) => object.versionId)).toEqual(['v2']);
    // The event of a creation that is still in the queue is not that of the deletion.
    await writeFile(journalPath(), journal);
    expect(await deleting([{ ...recovered, origin: before.queued[0]?.origin }])).toHaveLength(2);
  });
});

test('[documented] a copy is named so where the server says so, and only there', async () => {
  for (const [contentState, expected] of [
    ['1', 'ObjectCreated:Copy'],
    [undefined, 'ObjectCreated:Put'],
  ] as const) {
    await rm(journalPath(), { force: true });
    const { source, listing, queued } = sourceOn(new StoppedClock());
    Object.assign(listing, { contentState, copies: ['a', 'parts'] });
    listing.contents = [
      objectAt(1_000),
      objectAt(2_000, { key: 'b' }),
      objectAt(3_000, { key: 'parts', eTag: '"e-2"' }),
    ];
    source.start([]);
    await source.polling();
    await source.stop();
    expect(queued.map(({ eventName }) => eventName)).toEqual([
      expected,
      'ObjectCreated:Put',
      'ObjectCreated:CompleteMultipartUpload',
    ]);
  }
});

test('an object that the listing no longer has is deleted', async () => {
  const clock = new StoppedClock();
  const { source, listing, queued } = sourceOn(clock);
  listing.contents = [objectAt(1)];
  source.start([]);
  await source.polling();
  listing.contents = [];
  source.notified('a', 'ObjectRemoved:Delete');
  await eventually(() => queued.length === 2);
  await source.stop();
  expect(queued.map(({ eventName }) => eventName)).toEqual(['ObjectCreated:Put', 'ObjectRemoved:Delete']);
});

test('an event that an earlier process has queued is not queued again, and its sequencer is not used again', async () => {
  const before = sourceOn(new StoppedClock());
  before.listing.contents = [objectAt(1_000)];
  before.source.start([]);
  await before.source.polling();
  // Of the same time, so that its sequencer is not derived from the time alone.
  before.listing.contents = [objectAt(1_000, { eTag: '"second"' })];
  before.source.notified('a', 'ObjectCreated:Put');
  await eventually(() => before.queued.length === 2);
  await before.source.stop();
  const [, second] = before.queued;
  // A crash between queue and cursor.
  await rm(journalPath());

  const clock = new StoppedClock();
  const { source, listing, queued } = sourceOn(clock);
  listing.contents = [objectAt(1_000, { eTag: '"third"' })];
  source.start([{ id: '1', functionName: 'fn', payload: '{}', enqueuedAt: 0, attempts: 0, origin: second?.origin }]);
  await source.polling();
  listing.contents = [objectAt(1_000, { eTag: '"second"' })];
  source.notified('a', 'ObjectCreated:Put');
  // The pause after the second listing.
  await eventually(() => clock.waits.length === 2);
  await source.stop();
  expect(queued).toHaveLength(1);
  expect((queued[0]?.object.sequencer ?? '') > (second?.object.sequencer ?? '')).toBe(true);
});

test('listing pauses while more than a thousand events are in the queue', async () => {
  const clock = new JumpingClock();
  const { source, listing, queue, standstills } = sourceOn(clock);
  listing.contents = [objectAt(1)];
  queue.size = 1_001;
  source.start([]);
  await eventually(() => clock.waits.length > 10);
  expect(listing.listingCount).toBe(1);
  expect(new Set(clock.waits)).toEqual(new Set([POLL_INTERVAL_MS]));
  expect([...standstills.current]).toEqual([
    ['the listing of bucket b', expect.stringMatching(/^1001 events are in the queue.* raise asyncConcurrency$/)],
  ]);
  queue.size = 1_000;
  await eventually(() => listing.listingCount > 1);
  await source.stop();
});

test('[goal] a bucket that does not exist is a standstill with its remedy, until it is created', async () => {
  const clock = new JumpingClock();
  const startedAt = clock.now();
  const { source, listing, lines, standstills } = sourceOn(clock);
  listing.onListing = () => {
    if (clock.now() - startedAt < 65_000) throw Object.assign(new Error('404'), { name: 'NoSuchBucket' });
  };
  source.start([]);
  await source.polling();
  await source.stop();
  const reason =
    'bucket b does not exist: create it with "aws --endpoint-url http://127.0.0.1:9000 s3 mb s3://b", or correct BucketName';
  expect(lines).toMatchObject([{ level: 'warn', bucket: 'b', reason }]);
  expect([...standstills.reported]).toEqual([`the event source of bucket b: ${reason}`]);
  expect(standstills.current.size).toBe(0);
});

test('a journal that cannot be read ends the start', async () => {
  await writeFile(journalPath(), 'not JSON\n');
  const { source } = sourceOn(new StoppedClock());
  source.start([]);
  await expect(source.polling()).rejects.toThrow('JSON');
  await source.stop();
});
