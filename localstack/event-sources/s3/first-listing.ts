import type { Logger } from '../logger.ts';
import type { BucketCursor, CursorEntry } from './bucket-cursor.ts';
import { type ListedObject, markOf } from './listed-object.ts';

export interface FirstListingOptions {
  readonly bucket: string;
  readonly cursor: BucketCursor;
  readonly existingObjects: 'notify' | 'ignore';
  /** Milliseconds since 1970. Objects that were last modified before it were there before the first start. */
  readonly startedAtMs: number;
  readonly log: Logger;
}

/** What the first start of a bucket does with the objects that are there already. AWS sends no events for them. */
export class FirstListing {
  readonly #options: FirstListingOptions;
  /** Whether the objects from before this start are to become events, and nothing has said so yet. */
  #isToTell = false;

  constructor(options: FirstListingOptions) {
    this.#options = options;
  }

  /** Creates the journal at the first start. With `ignore` it gets all objects from before the start. */
  async begin(pages: () => AsyncIterable<readonly ListedObject[]>, signal: AbortSignal): Promise<void> {
    const { bucket, cursor, existingObjects, log } = this.#options;
    if (!cursor.isNew) return;
    if (existingObjects === 'notify') {
      this.#isToTell = true;
      return cursor.begin([]);
    }
    const objects: ListedObject[] = [];
    for await (const page of pages()) {
      if (signal.aborted) return;
      objects.push(...page.filter((object) => this.#isExisting(object)));
    }
    await cursor.begin(
      objects.map(
        (object): CursorEntry => ({
          key: object.key,
          mark: markOf(object),
          sequencer: cursor.nextSequencer(object.key, object.lastModified),
        }),
      ),
    );
    log.info('objects from before the first start make no events, as on AWS', { bucket, objects: objects.length });
  }

  /** Says once, before the events of the first page, that objects from before the start become events. */
  tell(page: readonly ListedObject[]): void {
    if (!this.#isToTell || !page.some((object) => this.#isExisting(object))) return;
    this.#isToTell = false;
    const { bucket, log } = this.#options;
    log.warn(
      'the bucket has objects from before the first start, and each becomes an event, which AWS would not send: set s3.existingObjects to ignore to leave them out',
      { bucket },
    );
  }

  #isExisting({ lastModified }: ListedObject): boolean {
    // Some servers list whole seconds, so that the object may be younger than it says.
    const latestMs = lastModified % 1_000 === 0 ? lastModified + 999 : lastModified;
    return latestMs < this.#options.startedAtMs;
  }
}
