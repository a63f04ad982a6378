import type { AsyncQueue } from '../invoke/async-queue.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { QueuedEvent } from '../model/async-invocation.ts';
import type { BucketNotification } from '../model/bucket-notification.ts';
import { type BucketCursor, type ListedObject, markOf } from './bucket-cursor.ts';
import type { BucketListing } from './bucket-listing.ts';
import { notificationMatches } from './notification-match.ts';
import { type ObjectChange, s3Event } from './s3-event.ts';

export interface BucketSourceOptions {
  readonly bucket: string;
  readonly notifications: readonly BucketNotification[];
  readonly listing: BucketListing;
  readonly cursor: BucketCursor;
  readonly queue: AsyncQueue;
  readonly pollIntervalMs: number;
  readonly region: string;
  readonly accountId: string;
  readonly eventVersion: string;
  readonly log: Logger;
}

/** What a queued event remembers of its object, so that a crash before the cursor moved does not make a second one. */
export interface ObjectOrigin {
  readonly bucket: string;
  readonly key: string;
  readonly mark?: string;
  readonly sequencer: string;
  readonly configurationId: string;
}

/** No further listing while this many events wait: a bucket with a million objects is taken in step by step. */
const MAX_QUEUED = 1_000;
/** A listing that takes long is repeated less often, so that a large bucket does not keep the server busy. */
const REST_PER_LISTING = 4;
/** However large the bucket, a new object is not kept waiting for longer. */
const LONGEST_REST_MS = 5_000;
const VERSIONING_CHECK_MS = 30_000;
const LONGEST_NOTICE_GAP_MS = 30_000;

/**
 * Turns new and overwritten objects of a bucket into events by listing it. An event is on disk in the queue before the
 * cursor moves past its object, so a crash at any moment loses none.
 */
export class BucketSource {
  readonly bucket: string;
  readonly #options: BucketSourceOptions;
  readonly #polling = Promise.withResolvers<void>();
  readonly #seenBefore = new Set<string>();
  readonly #toldNames = new Map<string, string>();
  #nudged = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #versioned = false;
  #versioningCheckedAt = Number.NEGATIVE_INFINITY;
  #notice = { text: '', at: 0 };

  constructor(options: BucketSourceOptions) {
    this.bucket = options.bucket;
    this.#options = options;
  }

  /** `recovered` are the events that an earlier process queued and had not finished. */
  start(recovered: readonly QueuedEvent[]): void {
    for (const { origin } of recovered) {
      const { bucket, key, mark, configurationId } = (origin ?? {}) as Partial<ObjectOrigin>;
      if (bucket === this.bucket) this.#seenBefore.add(JSON.stringify([key, mark, configurationId]));
    }
    this.#loop = this.#run(recovered);
  }

  /** Resolves when the bucket was listed for the first time. */
  polling(): Promise<void> {
    return this.#polling.promise;
  }

  /** The server told of a change: lists at once, and keeps the event's true name for the object's key. */
  notified(key: string, eventName: string): void {
    if (eventName.startsWith('ObjectCreated:')) this.#toldNames.set(key, eventName);
    this.#nudged = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#loop;
    await this.#options.cursor.close();
  }

  async #run(recovered: readonly QueuedEvent[]): Promise<void> {
    await this.#options.cursor.load();
    for (const { origin } of recovered) {
      const object = (origin ?? {}) as Partial<ObjectOrigin>;
      if (object.bucket !== this.bucket || object.key === undefined || object.sequencer === undefined) continue;
      this.#options.cursor.noteSequencer(object.key, object.sequencer);
    }
    while (!this.#stopped) {
      this.#nudged = false;
      let listingMs = 0;
      try {
        listingMs = await this.#list();
        this.#polling.resolve();
      } catch (error) {
        this.#tell(error);
      }
      const rest = Math.min(listingMs * REST_PER_LISTING, LONGEST_REST_MS);
      await this.#sleep(Math.max(this.#options.pollIntervalMs, rest));
    }
  }

  /** Resolves with how long the server took for the listing; queueing events takes its time beside that. */
  async #list(): Promise<number> {
    const { listing, bucket, cursor, queue } = this.#options;
    if (performance.now() - this.#versioningCheckedAt > VERSIONING_CHECK_MS) {
      this.#versioned = await listing.isVersioned(bucket);
      this.#versioningCheckedAt = performance.now();
    }
    const present = new Set<string>();
    const pages = stopwatch(this.#versioned ? listing.versions(bucket) : listing.objects(bucket));
    for await (const page of pages) {
      for (const object of page) present.add(object.key);
      // Oldest first. The listing has a key's versions newest first, which decides between equal times.
      const fresh = page.filter((object) => !cursor.has(object)).reverse();
      fresh.sort((a, b) => a.lastModified - b.lastModified);
      for (const object of fresh) {
        if (this.#stopped) return pages.elapsedMs();
        await this.#created(object);
      }
      while (queue.size > MAX_QUEUED && !this.#stopped) await this.#sleep(this.#options.pollIntervalMs);
    }
    if (this.#versioned) return pages.elapsedMs();
    for (const key of [...cursor.keys].filter((known) => !present.has(known))) {
      const sequencer = cursor.nextSequencer(key, Date.now());
      await this.#emit({ eventName: 'ObjectRemoved:Delete', key, sequencer, time: new Date() }, undefined);
      await cursor.add(key, undefined, sequencer);
    }
    return pages.elapsedMs();
  }

  async #created(object: ListedObject): Promise<void> {
    const { cursor } = this.#options;
    const sequencer = cursor.nextSequencer(object.key, object.lastModified);
    const change: ObjectChange = {
      eventName: this.#toldName(object) ?? eventNameOf(object),
      key: object.key,
      size: object.size,
      eTag: object.eTag,
      ...(object.versionId !== undefined && { versionId: object.versionId }),
      sequencer,
      time: new Date(object.lastModified),
    };
    await this.#emit(change, markOf(object));
    await cursor.add(object.key, markOf(object), sequencer);
  }

  /** Only the newest content of a key can be the one that was told of; a listing has it last. */
  #toldName({ key, deleteMarker }: ListedObject): string | undefined {
    const name = deleteMarker === true ? undefined : this.#toldNames.get(key);
    this.#toldNames.delete(key);
    return name;
  }

  async #emit(change: ObjectChange, mark: string | undefined): Promise<void> {
    const { notifications, queue, region, accountId, eventVersion, bucket, log } = this.#options;
    for (const notification of notifications) {
      if (!notificationMatches(notification, change.eventName, change.key)) continue;
      const { configurationId, bucketArn } = notification;
      if (this.#seenBefore.delete(JSON.stringify([change.key, mark, configurationId]))) continue;
      const event = s3Event(change, { region, accountId, bucket, bucketArn, configurationId, eventVersion });
      const origin: ObjectOrigin = {
        bucket,
        key: change.key,
        ...(mark !== undefined && { mark }),
        sequencer: change.sequencer,
        configurationId,
      };
      await queue.enqueue(notification.function.name, JSON.stringify(event), origin);
      log.info('object event', {
        bucket,
        key: change.key,
        event: change.eventName,
        function: notification.function.name,
      });
    }
  }

  #tell(error: unknown): void {
    const text =
      (error as { name?: string }).name === 'NoSuchBucket'
        ? `bucket ${this.bucket} does not exist: create it, or correct BucketName`
        : reasonOf(error);
    if (text === this.#notice.text && Date.now() - this.#notice.at < LONGEST_NOTICE_GAP_MS) return;
    this.#notice = { text, at: Date.now() };
    this.#options.log.warn('bucket not listed; trying again until it works', { bucket: this.bucket, reason: text });
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#stopped || this.#nudged) {
      this.#nudged = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The same items, and how long was waited for them. */
function stopwatch<T>(source: AsyncIterable<T>): AsyncIterable<T> & { elapsedMs(): number } {
  let elapsedMs = 0;
  return {
    elapsedMs: () => elapsedMs,
    async *[Symbol.asyncIterator]() {
      let askedAt = performance.now();
      for await (const item of source) {
        elapsedMs += performance.now() - askedAt;
        yield item;
        askedAt = performance.now();
      }
      elapsedMs += performance.now() - askedAt;
    },
  };
}

/** A listing tells a multipart upload by the form of its ETag; POST and COPY cannot be told from PUT. */
function eventNameOf(object: ListedObject): string {
  if (object.deleteMarker === true) return 'ObjectRemoved:DeleteMarkerCreated';
  return /-\d+"?$/.test(object.eTag) ? 'ObjectCreated:CompleteMultipartUpload' : 'ObjectCreated:Put';
}
