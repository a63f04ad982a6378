import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BucketNotification } from '../../../localstack/event-sources/model/bucket-notification.ts';
import { BucketCursor, type ListedObject, markOf } from '../../../localstack/event-sources/s3/bucket-cursor.ts';
import { notificationMatches } from '../../../localstack/event-sources/s3/notification-match.ts';
import { encodeKey, s3Event } from '../../../localstack/event-sources/s3/s3-event.ts';

test.each([
  ['a b/ü+.csv', 'a+b/%C3%BC%2B.csv'],
  ['100%/x=1&y', '100%25/x%3D1%26y'],
  ["it's (1)!*~", 'it%27s+%281%29%21*%7E'],
])('[documented] the key %s is encoded as %s', (key, encoded) => {
  expect(encodeKey(key)).toBe(encoded);
  expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(key);
});

test('[documented] one record, names without s3:, eTag without quotes', () => {
  const event = s3Event(
    {
      eventName: 'ObjectCreated:Put',
      key: 'k',
      size: 3,
      eTag: '"abc"',
      sequencer: '0A',
      time: new Date('2026-01-02T03:04:05.678Z'),
    },
    {
      region: 'eu-central-1',
      accountId: '1',
      bucket: 'b',
      bucketArn: 'arn:aws:s3:::b',
      configurationId: 'c',
      eventVersion: '2.1',
    },
  );
  expect(event.Records).toHaveLength(1);
  expect(event.Records[0]).toMatchObject({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-01-02T03:04:05.678Z',
    eventName: 'ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'c',
      bucket: { name: 'b', arn: 'arn:aws:s3:::b' },
      object: { key: 'k', size: 3, eTag: 'abc', sequencer: '0A' },
    },
  });
  expect(event.Records[0]?.s3.object).not.toHaveProperty('versionId');
});

test('prefix, suffix and event names decide', () => {
  const notification = {
    events: ['s3:ObjectCreated:*'],
    prefix: 'in/',
    suffix: '.csv',
  } as unknown as BucketNotification;
  expect(notificationMatches(notification, 'ObjectCreated:CompleteMultipartUpload', 'in/a.csv')).toBe(true);
  expect(notificationMatches(notification, 'ObjectRemoved:Delete', 'in/a.csv')).toBe(false);
  expect(notificationMatches(notification, 'ObjectCreated:Put', 'in/a.CSV')).toBe(false);
  expect(notificationMatches(notification, 'ObjectCreated:Put', 'out/a.csv')).toBe(false);
});

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

  test('knows after a restart what it has seen, and other content of the key is new', async () => {
    const before = await cursorAt();
    await before.add('k', markOf(object), before.nextSequencer('k', 1_000));
    await before.close();
    const after = await cursorAt();
    expect(after.has(object)).toBe(true);
    expect(after.has({ ...object, eTag: '"other"' })).toBe(false);
    expect(after.has({ ...object, lastModified: 2_000 })).toBe(false);
    expect(after.has({ ...object, versionId: 'v1' })).toBe(false);
    await after.close();
  });

  test('sequencers of a key grow, also within one millisecond, with a clock that goes back, and over a restart', async () => {
    const before = await cursorAt();
    const given: string[] = [];
    for (const time of [1_000, 1_000, 500]) {
      const sequencer = before.nextSequencer('k', time);
      given.push(sequencer);
      await before.add('k', markOf({ ...object, lastModified: time }), sequencer);
    }
    await before.close();
    const after = await cursorAt();
    given.push(after.nextSequencer('k', 900));
    await after.close();
    expect([...given].sort()).toEqual(given);
    expect(new Set(given).size).toBe(4);
  });

  test('drops a last line that a crash has cut off, and goes on behind it', async () => {
    const before = await cursorAt();
    await before.add('k', markOf(object), '000000000000000001');
    await before.close();
    const path = join(directory, 'b.jsonl');
    await writeFile(path, `${await readFile(path, 'utf8')}{"key":"half`);
    const after = await cursorAt();
    expect(after.has(object)).toBe(true);
    await after.add('l', 'm', '000000000000000001');
    await after.close();
    const again = await cursorAt();
    expect([...again.keys]).toEqual(['k', 'l']);
    await again.close();
  });
});
