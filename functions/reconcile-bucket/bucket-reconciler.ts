import type { FileArrival } from '../core/ingestion.ts';
import type { BucketListing, LatestObject } from '../ports/bucket-listing.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { UnfinishedFiles } from '../ports/unfinished-files.ts';

export interface Reconciliation {
  /** Number of `.csv` objects in the bucket. */
  readonly listed: number;
  /** Keys of objects for which transform-csv had received no event. */
  readonly unreported: readonly string[];
  /** Keys of files that were loading without a heartbeat. */
  readonly stalled: readonly string[];
}

export interface BucketReconcilerDependencies {
  readonly bucket: BucketListing;
  readonly unfinishedFiles: UnfinishedFiles;
  /** Invokes transform-csv. */
  readonly transformCsv: FunctionInvoker;
  /** How long a loading file may be without a heartbeat, and an object without a row in the ledger. */
  readonly staleAfterMs: number;
}

/**
 * Starts transform-csv again for files that an outage left unfinished. S3 retries an event twice within minutes and then
 * drops it, so without this a file that arrived during a longer outage would never be loaded.
 *
 * Invoking transform-csv twice for a version is harmless, so this keeps no state and takes no lock. But it repeats the
 * work, and a rejected file gets a second dead letter. So an object that was put within `staleAfterMs` is left to its own
 * event, which may still be queued.
 */
export class BucketReconciler {
  readonly #deps: BucketReconcilerDependencies;

  constructor(dependencies: BucketReconcilerDependencies) {
    this.#deps = dependencies;
  }

  /** @throws when one of the dependencies is unreachable. transform-csv is invoked for the files found until then. */
  async reconcile(): Promise<Reconciliation> {
    const { bucket, unfinishedFiles, transformCsv, staleAfterMs } = this.#deps;
    const stalled = await unfinishedFiles.findStalled(staleAfterMs);
    for (const arrival of stalled) await transformCsv.invokeAsync({ arrival });

    const unreported: string[] = [];
    let listed = 0;
    for await (const page of bucket.list('.csv')) {
      listed += page.length;
      if (page.length === 0) continue;
      for (const { key } of await unfinishedFiles.findUnreported(page, staleAfterMs)) {
        const latest = await bucket.head(key);
        if (latest === undefined) continue;
        await transformCsv.invokeAsync({ arrival: arrivalOfObject(bucket.name, latest) });
        unreported.push(key);
      }
    }
    return { listed, unreported, stalled: stalled.map(({ key }) => key) };
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
