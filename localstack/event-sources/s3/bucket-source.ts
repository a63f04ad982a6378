import type { Clock } from '../clock.ts';
import type { AsyncQueue } from '../invoke/async-queue.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { QueuedEvent } from '../model/async-invocation.ts';
import type { BucketNotification } from '../model/bucket-notification.ts';
import { withResolvers } from '../node-20.ts';
import type { Standstills } from '../standstill/standstills.ts';
import type { BucketCursor } from './bucket-cursor.ts';
import type { BucketListing } from './bucket-listing.ts';
import { BucketScanner } from './bucket-scanner.ts';
import { EventNames } from './event-names.ts';
import { correctedRule } from './notification-match.ts';
import { ObjectEventPublisher, originsOf } from './object-event-publisher.ts';

export interface BucketSourceOptions {
  readonly bucket: string;
  /** Of the S3 server, for messages. */
  readonly endpoint: string;
  readonly notifications: readonly BucketNotification[];
  readonly listing: BucketListing;
  readonly cursor: BucketCursor;
  readonly queue: Pick<AsyncQueue, 'enqueue' | 'size'>;
  /** Shortest pause between two listings. */
  readonly pollIntervalMs: number;
  /** What becomes of the objects that are there before the first start. */
  readonly existingObjects: 'notify' | 'ignore';
  readonly region: string;
  readonly accountId: string;
  readonly eventVersion: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly standstills: Pick<Standstills, 'report' | 'clear'>;
}

/** A pause lasts this many times as long as the listing before it, so that a large bucket does not keep the server busy. */
const PAUSE_PER_LISTING = 4;
/** Limit of that pause, so that a new object does not wait longer in a bucket of any size. */
const MAX_PAUSE_MS = 5_000;

/** Turns changes of a bucket's objects into events, by listing it again and again. A crash at any moment loses none. */
export class BucketSource {
  readonly bucket: string;
  readonly #options: BucketSourceOptions;
  readonly #eventNames = new EventNames();
  readonly #publisher: ObjectEventPublisher;
  readonly #scanner: BucketScanner;
  readonly #stopping = new AbortController();
  readonly #polling = withResolvers<void>();
  /** Aborted by a notification, which ends the pause or leaves out the next one. */
  #pause = new AbortController();
  #loop: Promise<void> | undefined;
  #lastReason = '';

  constructor(options: BucketSourceOptions) {
    this.bucket = options.bucket;
    this.#options = options;
    this.#publisher = new ObjectEventPublisher(options);
    this.#scanner = new BucketScanner({
      ...options,
      publisher: this.#publisher,
      eventNames: this.#eventNames,
      queuedCount: () => options.queue.size,
    });
  }

  /** `recovered` are the events that an earlier process queued and that have not ended. */
  start(recovered: readonly QueuedEvent[]): void {
    this.#warnOfRulesWithoutMatch();
    this.#loop = this.#run(recovered).catch(this.#polling.reject);
  }

  /** Resolves once the bucket was listed for the first time. Rejects when its journal cannot be read. */
  polling(): Promise<void> {
    return this.#polling.promise;
  }

  /** The server has reported a change: lists at once, and uses the reported name for the object's event. */
  notified(key: string, eventName: string): void {
    this.#eventNames.report(key, eventName);
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.abort();
    await this.#loop;
    await this.#options.cursor.close();
  }

  async #run(recovered: readonly QueuedEvent[]): Promise<void> {
    const { cursor, clock, pollIntervalMs } = this.#options;
    await cursor.load();
    const origins = originsOf(this.bucket, recovered);
    this.#publisher.skip(origins);
    for (const { key, sequencer } of origins) cursor.noteSequencer(key, sequencer);
    while (!this.#stopping.signal.aborted) {
      this.#pause = new AbortController();
      const listingMs = await this.#scan();
      const pauseMs = Math.max(pollIntervalMs, Math.min(listingMs * PAUSE_PER_LISTING, MAX_PAUSE_MS));
      if (this.#stopping.signal.aborted) return;
      await clock.wait(pauseMs, this.#pause.signal).catch(() => {});
    }
  }

  async #scan(): Promise<number> {
    try {
      const listingMs = await this.#scanner.scan(this.#stopping.signal);
      this.#polling.resolve();
      this.#lastReason = '';
      this.#options.standstills.clear(bucketTitle(this.bucket));
      return listingMs;
    } catch (error) {
      this.#warn(error);
      return 0;
    }
  }

  /** S3 accepts these rules, and never sends an event for them. */
  #warnOfRulesWithoutMatch(): void {
    const { notifications, log } = this.#options;
    for (const { bucket, function: target, prefix, suffix } of notifications) {
      for (const [rule, value] of Object.entries({ prefix, suffix })) {
        const corrected = correctedRule(value);
        if (corrected === undefined) continue;
        log.warn(`no key matches this ${rule}, because S3 compares it with the encoded key: write it encoded`, {
          bucket,
          function: target.name,
          expected: corrected,
          found: value,
        });
      }
    }
  }

  #warn(error: unknown): void {
    const { standstills, log } = this.#options;
    const reason =
      (error as { name?: string }).name === 'NoSuchBucket'
        ? `bucket ${this.bucket} does not exist: create it with "aws --endpoint-url ${this.#options.endpoint} s3 mb s3://${this.bucket}", or correct BucketName`
        : reasonOf(error);
    standstills.report(bucketTitle(this.bucket), reason);
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    log.warn('bucket could not be listed, retrying', { bucket: this.bucket, reason });
  }
}

/** Names the source in logs and metrics. */
export function bucketTitle(bucket: string): string {
  return `the event source of bucket ${bucket}`;
}
