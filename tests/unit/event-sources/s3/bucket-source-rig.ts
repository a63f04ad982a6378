import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../../localstack/event-sources/logger.ts';
import type { QueuedEvent } from '../../../../localstack/event-sources/model/async-invocation.ts';
import { BucketCursor } from '../../../../localstack/event-sources/s3/bucket-cursor.ts';
import type { BucketListing } from '../../../../localstack/event-sources/s3/bucket-listing.ts';
import { BucketSource } from '../../../../localstack/event-sources/s3/bucket-source.ts';
import type { ListedObject } from '../../../../localstack/event-sources/s3/listed-object.ts';
import type { JumpingClock } from '../jumping-clock.ts';
import { RecordedStandstills } from '../recorded-standstills.ts';

export const POLL_INTERVAL_MS = 20;

interface Queued {
  readonly functionName: string;
  readonly eventName: string;
  readonly object: { readonly key: string; readonly versionId?: string; readonly sequencer: string };
  readonly origin: unknown;
}

let directory: string;

/** Gives each test of a file a directory for the sources' journals. @returns the path of the journal. */
export function useJournal(): () => string {
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bucket-source-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  return () => join(directory, 'b.jsonl');
}

/** A bucket that a test can change. */
class InMemoryListing implements BucketListing {
  isVersionedBucket = false;
  contents: ListedObject[] = [];
  /** Undefined: as of a server that offers no state. */
  contentState: string | undefined;
  /** Keys of the objects that are copies. */
  copies: readonly string[] = [];
  /** Called before the state, or whether an object is a copy, is read. */
  onHead: () => void = () => {};
  listingCount = 0;
  /** Called when a listing begins. */
  onListing: () => void = () => {};

  async isVersioned(): Promise<boolean> {
    return this.isVersionedBucket;
  }

  async state(): Promise<string | undefined> {
    this.onHead();
    return this.contentState;
  }

  async isCopy(_bucket: string, { key }: ListedObject): Promise<boolean> {
    this.onHead();
    return this.copies.includes(key);
  }

  async *objects(): AsyncGenerator<ListedObject[]> {
    this.listingCount += 1;
    this.onListing();
    yield [...this.contents];
  }

  versions(): AsyncGenerator<ListedObject[]> {
    return this.objects();
  }
}

interface RigOptions {
  readonly onEnqueue?: () => void;
  readonly existingObjects?: 'notify' | 'ignore';
  readonly prefix?: string;
  readonly suffix?: string;
}

/** A source of bucket `b`, all of whose creations and deletions invoke `fn`. */
export function sourceOn(
  clock: JumpingClock,
  { onEnqueue = () => {}, existingObjects = 'notify', prefix = '', suffix = '' }: RigOptions = {},
) {
  const listing = new InMemoryListing();
  const queued: Queued[] = [];
  const lines: Record<string, unknown>[] = [];
  const queue = {
    size: 0,
    enqueue: async (functionName: string, payload: string, origin?: unknown): Promise<QueuedEvent> => {
      onEnqueue();
      const [record] = JSON.parse(payload).Records;
      queued.push({ functionName, eventName: record.eventName, object: record.s3.object, origin });
      return { id: '1', functionName, payload, enqueuedAt: 0, attempts: 0 };
    },
  };
  const standstills = new RecordedStandstills();
  const source = new BucketSource({
    bucket: 'b',
    endpoint: 'http://127.0.0.1:9000',
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
        events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
        prefix,
        suffix,
      },
    ],
    listing,
    cursor: new BucketCursor(join(directory, 'b.jsonl')),
    queue,
    pollIntervalMs: POLL_INTERVAL_MS,
    existingObjects,
    region: 'us-east-1',
    accountId: '000000000000',
    eventVersion: '2.1',
    clock,
    log: createLogger('info', (line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
    standstills,
  });
  return { source, listing, queue, queued, lines, standstills };
}

export const objectAt = (lastModified: number, further: Partial<ListedObject> = {}): ListedObject => ({
  key: 'a',
  eTag: '"e"',
  lastModified,
  size: 1,
  ...further,
});
