import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Standstills } from '../standstill/standstills.ts';
import type { BucketCursor, CursorEntry } from './bucket-cursor.ts';
import type { BucketListing } from './bucket-listing.ts';
import type { EventNames } from './event-names.ts';
import { FirstListing } from './first-listing.ts';
import { type ListedObject, markOf } from './listed-object.ts';
import { MissingObjects } from './missing-objects.ts';
import type { ObjectEventPublisher } from './object-event-publisher.ts';

export interface BucketScannerOptions {
  readonly bucket: string;
  readonly listing: BucketListing;
  readonly cursor: BucketCursor;
  readonly publisher: Pick<ObjectEventPublisher, 'publish'>;
  readonly eventNames: EventNames;
  /** Number of events in the queue. */
  readonly queuedCount: () => number;
  readonly pollIntervalMs: number;
  /** What becomes of the objects that are there before the first start. */
  readonly existingObjects: 'notify' | 'ignore';
  readonly clock: Clock;
  readonly log: Logger;
  readonly standstills: Pick<Standstills, 'report' | 'clear'>;
}

/** Limit of the queue beyond which listing pauses, so that a bucket with a million objects is not queued at once. */
const MAX_QUEUED = 1_000;
/** How many events are written to the queue at the same time. Each waits for the disk, as does the cursor once for all. */
const BATCH_SIZE = 50;
/** How often the scanner asks whether the bucket keeps versions, and whether its server offers states. */
const BUCKET_CHECK_MS = 30_000;

/**
 * Compares a bucket's listing with its cursor and publishes what has changed. Events are in the queue before the cursor
 * moves, so that a crash loses none.
 */
export class BucketScanner {
  readonly #options: BucketScannerOptions;
  readonly #firstListing: FirstListing;
  #isVersioned = false;
  #offersStates = true;
  #bucketCheckedAt = Number.NEGATIVE_INFINITY;
  /** The bucket's state before the last scan that went to its end. */
  #scannedState: string | undefined;

  constructor(options: BucketScannerOptions) {
    this.#options = options;
    this.#firstListing = new FirstListing({ ...options, startedAtMs: options.clock.now() });
  }

  /**
   * Lists the bucket once, unless the server says that it has not changed. Resolves with the time that the listing took,
   * in milliseconds. Rejects when it fails.
   */
  async scan(signal: AbortSignal): Promise<number> {
    const { listing, bucket, clock, cursor } = this.#options;
    if (clock.monotonic() - this.#bucketCheckedAt > BUCKET_CHECK_MS) {
      this.#isVersioned = await listing.isVersioned(bucket);
      this.#offersStates = true;
      this.#bucketCheckedAt = clock.monotonic();
    }
    // Before the listing, so that a change during the listing makes another state.
    const state = await this.#readState();
    if (state !== undefined && state === this.#scannedState) return 0;
    this.#scannedState = undefined;
    await this.#firstListing.begin(() => this.#pages(), signal);
    const pages = measured(this.#pages(), clock);
    const missing = new MissingObjects(cursor, this.#isVersioned);
    for await (const page of pages) {
      missing.seen(page);
      this.#firstListing.tell(page);
      for (const batch of batchesOf(this.#unseenOldestFirst(page))) {
        if (signal.aborted) return pages.elapsedMs();
        // All names first, because the events are queued in the order of the objects.
        const names = batch.map((object) => this.#eventNameOf(object));
        await Promise.allSettled(names);
        await this.#record(
          batch.map(async (object, index) => this.#publishCreated(object, (await names[index]) ?? '')),
        );
      }
      await this.#waitForQueue(signal);
    }
    if (!signal.aborted) await this.#publishRemoved(missing);
    if (!signal.aborted) this.#scannedState = state;
    return pages.elapsedMs();
  }

  async #readState(): Promise<string | undefined> {
    const { listing, bucket } = this.#options;
    if (!this.#offersStates) return undefined;
    try {
      const state = await listing.state(bucket);
      this.#offersStates = state !== undefined;
      return state;
    } catch {
      // The listing reports why the server or the bucket is missing.
      return undefined;
    }
  }

  #pages(): AsyncIterable<readonly ListedObject[]> {
    const { listing, bucket } = this.#options;
    return this.#isVersioned ? listing.versions(bucket) : listing.objects(bucket);
  }

  /** The listing has the versions of a key newest first, so reversing it orders those of equal time. */
  #unseenOldestFirst(page: readonly ListedObject[]): ListedObject[] {
    return page
      .filter((object) => !this.#options.cursor.has(object))
      .reverse()
      .sort((a, b) => a.lastModified - b.lastModified);
  }

  async #waitForQueue(signal: AbortSignal): Promise<void> {
    const { queuedCount, clock, pollIntervalMs, standstills, bucket } = this.#options;
    const title = `the listing of bucket ${bucket}`;
    while (queuedCount() > MAX_QUEUED && !signal.aborted) {
      const remedy = 'wait until the functions have worked them off, or raise asyncConcurrency';
      standstills.report(
        title,
        `${queuedCount()} events are in the queue, and at most ${MAX_QUEUED} are queued: ${remedy}`,
      );
      await clock.wait(pollIntervalMs, signal).catch(() => {});
    }
    standstills.clear(title);
  }

  /** Adds to the cursor what was published. @throws the first error of the others, which are then published again. */
  async #record(publishing: readonly Promise<CursorEntry>[]): Promise<void> {
    const results = await Promise.allSettled(publishing);
    await this.#options.cursor.add(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #publishCreated(object: ListedObject, eventName: string): Promise<CursorEntry> {
    const { cursor, publisher } = this.#options;
    const { key, size, eTag, versionId, lastModified } = object;
    const sequencer = cursor.nextSequencer(key, lastModified);
    const mark = markOf(object);
    const change = {
      eventName,
      key,
      size,
      eTag,
      ...(versionId !== undefined && { versionId }),
      sequencer,
      time: new Date(lastModified),
    };
    await publisher.publish(change, mark);
    return { key, mark, sequencer };
  }

  /** A server that offers states also says which objects are copies. */
  async #eventNameOf(object: ListedObject): Promise<string> {
    const { eventNames, listing, bucket } = this.#options;
    const name = eventNames.take(object);
    const mayBeCopy = name === 'ObjectCreated:Put' && this.#offersStates;
    return mayBeCopy && (await listing.isCopy(bucket, object)) ? 'ObjectCreated:Copy' : name;
  }

  async #publishRemoved(missing: MissingObjects): Promise<void> {
    const { cursor, publisher, clock } = this.#options;
    for (const { key, versionId } of missing.all()) {
      const now = clock.now();
      const sequencer = cursor.nextSequencer(key, now);
      const version = versionId === undefined ? {} : { versionId };
      const change = { eventName: 'ObjectRemoved:Delete', key, ...version, sequencer, time: new Date(now) };
      const mark = versionId === undefined ? undefined : `v:${versionId}`;
      await publisher.publish(change, mark === undefined ? undefined : `removed ${mark}`);
      await cursor.add([{ key, sequencer, ...(mark !== undefined && { mark, removed: true }) }]);
    }
  }
}

/** In the same order. Each batch has a key at most once, so that its versions stay in order. */
function* batchesOf(objects: readonly ListedObject[]): Generator<ListedObject[]> {
  let batch = new Map<string, ListedObject>();
  for (const object of objects) {
    if (batch.has(object.key) || batch.size === BATCH_SIZE) {
      yield [...batch.values()];
      batch = new Map();
    }
    batch.set(object.key, object);
  }
  if (batch.size > 0) yield [...batch.values()];
}

/** The same items, with the time that was spent waiting for them. */
function measured<T>(source: AsyncIterable<T>, clock: Clock): AsyncIterable<T> & { elapsedMs(): number } {
  let elapsedMs = 0;
  return {
    elapsedMs: () => elapsedMs,
    async *[Symbol.asyncIterator]() {
      let requestedAt = clock.monotonic();
      for await (const item of source) {
        elapsedMs += clock.monotonic() - requestedAt;
        yield item;
        requestedAt = clock.monotonic();
      }
      elapsedMs += clock.monotonic() - requestedAt;
    },
  };
}
