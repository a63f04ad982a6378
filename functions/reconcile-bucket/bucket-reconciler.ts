import { type FileArrival, RETRY_WINDOW_FACTOR } from '../core/ingestion.ts';
import type { BucketListing, LatestObject, ListedObject } from '../ports/bucket-listing.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { UnfinishedFiles } from '../ports/unfinished-files.ts';

/**
 * So many objects without a row are started at once, also while Lambda may still retry their events: a transform more for
 * each of them is cheaper than minutes of waiting. Larger: after an outage during a burst, more of its files are read twice.
 */
const FEW_OBJECTS = 20;

export interface Reconciliation {
  /** Number of `.csv` objects in the bucket. */
  readonly listed: number;
  /** Keys of objects for which transform-csv had received no event. */
  readonly unreported: readonly string[];
  /** Keys of files that were loading without a heartbeat. */
  readonly stalled: readonly string[];
  /** How long events for transform-csv wait at present until they are processed. */
  readonly queueDelayMs: number;
}

export interface BucketReconcilerDependencies {
  readonly bucket: BucketListing;
  readonly unfinishedFiles: UnfinishedFiles;
  /** Invokes transform-csv. */
  readonly transformCsv: FunctionInvoker;
  /**
   * How long a loading file may be without a heartbeat, and an object without a row in the ledger. Each of many objects may
   * be without a row `RETRY_WINDOW_FACTOR` times as long.
   */
  readonly staleAfterMs: number;
}

/**
 * Starts transform-csv again for files that an outage left unfinished. Lambda retries an event twice within minutes and
 * then drops it, so without this a file that arrived during a longer outage would never be loaded.
 *
 * Invoking transform-csv twice for a version is harmless, so this takes no lock. But it repeats the work, and a rejected
 * file gets a second dead letter. So many objects are left to their own events while these may still be retried, and every
 * object while its event may be queued: after a burst of files, for as much longer as events wait at present. A file that was
 * requested is recorded, so that the next reconciliation does not request it again.
 */
export class BucketReconciler {
  readonly #deps: BucketReconcilerDependencies;

  constructor(dependencies: BucketReconcilerDependencies) {
    this.#deps = dependencies;
  }

  /** @throws when one of the dependencies is unreachable. transform-csv is invoked for the files found until then. */
  async reconcile(): Promise<Reconciliation> {
    const { bucket, unfinishedFiles, staleAfterMs } = this.#deps;
    const queueDelayMs = await unfinishedFiles.queueDelayMs(staleAfterMs);
    const stalled = await unfinishedFiles.findStalled(staleAfterMs + queueDelayMs);
    for (const arrival of stalled) await this.#request(arrival);

    const unreported: string[] = [];
    let listed = 0;
    for await (const page of bucket.list('.csv')) {
      listed += page.length;
      if (page.length === 0) continue;
      for (const { key } of await this.#findUnreported(page, queueDelayMs)) {
        const latest = await bucket.head(key);
        if (latest === undefined) continue;
        await this.#request(arrivalOfObject(bucket.name, latest));
        unreported.push(key);
      }
    }
    return { listed, unreported, stalled: stalled.map(({ key }) => key), queueDelayMs };
  }

  async #findUnreported(page: readonly ListedObject[], queueDelayMs: number): Promise<readonly ListedObject[]> {
    const { unfinishedFiles, staleAfterMs } = this.#deps;
    const found = await unfinishedFiles.findUnreported(page, staleAfterMs + queueDelayMs);
    if (found.length <= FEW_OBJECTS) return found;
    return unfinishedFiles.findUnreported(found, staleAfterMs * RETRY_WINDOW_FACTOR + queueDelayMs);
  }

  /** Recorded after Lambda has queued the request, so that a request that failed is repeated by the next reconciliation. */
  async #request(arrival: FileArrival): Promise<void> {
    const { transformCsv, unfinishedFiles, staleAfterMs } = this.#deps;
    await transformCsv.invokeAsync({ arrival });
    await unfinishedFiles.recordRequest(arrival, staleAfterMs);
  }
}

/**
 * A listing has no sequencer. Where the bucket keeps no versions, the ETag and the time of the put name the version, so
 * that the next reconciliation finds it under the same name.
 */
function arrivalOfObject(bucket: string, object: LatestObject): FileArrival {
  const { key, versionId, eTag, sizeBytes, lastModified } = object;
  const version = versionId ?? `listed:${eTag}:${lastModified.getTime()}`;
  return { bucket, key, version, versionId, sequencer: null, eTag, sizeBytes };
}
