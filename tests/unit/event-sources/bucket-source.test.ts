import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import type { AsyncQueue } from '../../../localstack/event-sources/invoke/async-queue.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import { BucketCursor } from '../../../localstack/event-sources/s3/bucket-cursor.ts';
import { BucketSource } from '../../../localstack/event-sources/s3/bucket-source.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bucket-source-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Lists one object, slowly or not, and queues its event, slowly or not; resolves with the rest before the next listing. */
async function restAfter({ listingMs, queueingMs }: { listingMs: number; queueingMs: number }): Promise<number> {
  const second = Promise.withResolvers<number>();
  let listings = 0;
  let doneAt = Number.NaN;
  const object = { key: 'a', eTag: '"e"', lastModified: 1, size: 1 };
  const source = new BucketSource({
    bucket: 'b',
    notifications: [
      {
        id: 'B',
        bucket: 'b',
        bucketArn: 'arn:aws:s3:::b',
        configurationId: 'c',
        function: {
          name: 'fn',
          arn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
          timeoutSeconds: 3,
          asynchronous: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 60 },
        },
        events: ['s3:ObjectCreated:*'],
        prefix: '',
        suffix: '',
      },
    ],
    listing: {
      isVersioned: async () => false,
      async *objects() {
        listings += 1;
        if (listings === 2) second.resolve(performance.now() - doneAt);
        if (listings === 1) await passed(listingMs);
        yield [object];
        doneAt = performance.now();
      },
      versions: () => {
        throw new Error('the bucket keeps no versions');
      },
    },
    cursor: new BucketCursor(join(directory, `${randomUUID()}.jsonl`)),
    queue: { size: 0, enqueue: () => passed(queueingMs) } as unknown as AsyncQueue,
    pollIntervalMs: 1,
    region: 'us-east-1',
    accountId: '000000000000',
    eventVersion: '2.1',
    log: createLogger('silent', () => {}),
  });
  source.start([]);
  const rest = await second.promise;
  await source.stop();
  return rest;
}

test('a bucket that takes long to be listed rests for four times as long', async () => {
  expect(await restAfter({ listingMs: 100, queueingMs: 0 })).toBeGreaterThan(390);
});

test('what queueing the events takes is no part of it', async () => {
  // A busy machine may hold up any listing, which is then rested for; half a second counted would make it two each time.
  const rests: number[] = [];
  do rests.push(await restAfter({ listingMs: 0, queueingMs: 500 }));
  while (Math.min(...rests) >= 1_500 && rests.length < 10);
  expect(Math.min(...rests)).toBeLessThan(1_500);
});
