import type { FileArrival } from '../core/ingestion.ts';

/** An object as a listing of the bucket tells it. */
export interface ListedObject {
  readonly key: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** What the bucket returns for a key now. */
export interface LatestObject extends ListedObject {
  /** `null` where the bucket keeps no versions. */
  readonly versionId: string | null;
}

export interface Bucket {
  readonly name: string;
  /** All objects whose key ends with the suffix, page by page, so that memory does not grow with the bucket. */
  list(suffix: string): AsyncIterable<readonly ListedObject[]>;
  /** `undefined` when the object is gone. */
  head(key: string): Promise<LatestObject | undefined>;
}

export interface Accounting {
  /**
   * Those of the listed objects that were put more than `unnoticedForMs` ago and have come to nobody's notice since.
   */
  findUnknown(objects: readonly ListedObject[], unnoticedForMs: number): Promise<readonly ListedObject[]>;
  /** Files that are loading without a heartbeat for longer than `staleAfterMs`. */
  findStalled(staleAfterMs: number): Promise<readonly FileArrival[]>;
}

export interface Transformer {
  /** Hands a version to transform-csv; resolves when Lambda has queued the event. */
  invoke(arrival: FileArrival): Promise<void>;
}

export interface Reconciliation {
  readonly listed: number;
  /** Keys of objects that no event had told of. */
  readonly unknown: readonly string[];
  /** Keys of files that stood still. */
  readonly stalled: readonly string[];
}

/**
 * Finds what an outage left behind. S3 retries an event twice within minutes and then gives up, so a file that arrived
 * while the database was away for longer would be forgotten; its object is still in the bucket.
 *
 * Telling transform-csv of a version twice is harmless, so nothing is locked here and nothing is remembered. It is work
 * done twice all the same, and a second letter for a file that is rejected: so an object is first left to its own event,
 * which may wait behind those of many others, for as long as a file that stands still is left alone.
 */
export class BucketReconciler {
  readonly #bucket: Bucket;
  readonly #accounting: Accounting;
  readonly #transformer: Transformer;
  readonly #staleAfterMs: number;

  constructor(bucket: Bucket, accounting: Accounting, transformer: Transformer, staleAfterMs: number) {
    this.#bucket = bucket;
    this.#accounting = accounting;
    this.#transformer = transformer;
    this.#staleAfterMs = staleAfterMs;
  }

  async reconcile(): Promise<Reconciliation> {
    const stalled = await this.#accounting.findStalled(this.#staleAfterMs);
    for (const arrival of stalled) await this.#transformer.invoke(arrival);

    const unknown: string[] = [];
    let listed = 0;
    for await (const page of this.#bucket.list('.csv')) {
      listed += page.length;
      if (page.length === 0) continue;
      for (const { key } of await this.#accounting.findUnknown(page, this.#staleAfterMs)) {
        const latest = await this.#bucket.head(key);
        if (latest === undefined) continue;
        await this.#transformer.invoke(describe(this.#bucket.name, latest));
        unknown.push(key);
      }
    }
    return { listed, unknown, stalled: stalled.map(({ key }) => key) };
  }
}

/** A listing knows no sequencer: without versions, the bytes and the moment they were put tell one put from another. */
function describe(bucket: string, object: LatestObject): FileArrival {
  const { key, versionId, eTag, sizeBytes, lastModified } = object;
  const version = versionId ?? `listed:${eTag}:${lastModified.getTime()}`;
  return { bucket, key, version, versionId, sequencer: null, eTag, sizeBytes };
}
