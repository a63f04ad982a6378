import type { FileArrival } from '../../../functions/core/ingestion.ts';
import { BucketReconciler } from '../../../functions/reconcile-bucket/bucket-reconciler.ts';
import { InMemoryBucket, type StoredObject } from '../../support/in-memory-bucket.ts';
import { InMemoryBucketListing } from '../../support/in-memory-bucket-listing.ts';
import { InMemoryFunctionInvoker } from '../../support/in-memory-function-invoker.ts';
import { InMemoryIngestionLedger } from '../../support/in-memory-ingestion-ledger.ts';
import { InMemorySalaryDatabase } from '../../support/in-memory-salary-database.ts';
import { InMemoryUnfinishedFiles } from '../../support/in-memory-unfinished-files.ts';

const MINUTE_MS = 60_000;
const ago = (ms: number) => new Date(Date.now() - ms);
const isLatest = async () => true;

function createRig({ keepsVersions = true, pageSize = 1_000 } = {}) {
  const bucket = new InMemoryBucket('salaries', keepsVersions);
  const database = new InMemorySalaryDatabase();
  const listing = new InMemoryBucketListing(bucket, pageSize);
  const transformCsv = new InMemoryFunctionInvoker();
  const reconciler = new BucketReconciler({
    bucket: listing,
    unfinishedFiles: new InMemoryUnfinishedFiles(database, 'salaries'),
    transformCsv,
    staleAfterMs: MINUTE_MS,
  });
  return {
    bucket,
    database,
    ledger: new InMemoryIngestionLedger(database),
    listing,
    transformCsv,
    reconciler,
    /** Puts an object whose event was lost ten minutes ago. */
    put: (key: string, content = key) => bucket.put(key, content, ago(10 * MINUTE_MS)),
  };
}

const arrivalOf = ({ key, eTag, versionId, bytes }: StoredObject): FileArrival => ({
  bucket: 'salaries',
  key,
  version: versionId ?? '1',
  versionId,
  sequencer: null,
  eTag,
  sizeBytes: bytes.length,
});

describe('BucketReconciler', () => {
  it('starts transform-csv for the objects that the ledger does not know, on every page', async () => {
    const { put, ledger, reconciler, transformCsv } = createRig({ pageSize: 2 });
    const first = put('a.csv');
    await ledger.register(arrivalOf(put('known.csv')), isLatest);
    put('notes.txt');
    put('other.txt');
    const last = put('z.csv');
    expect(await reconciler.reconcile()).toMatchObject({ listed: 3, unreported: ['a.csv', 'z.csv'], stalled: [] });
    expect(transformCsv.events).toEqual([{ arrival: arrivalOf(first) }, { arrival: arrivalOf(last) }]);
  });

  it('starts a few objects once their events are a minute late', async () => {
    const { bucket, reconciler, transformCsv } = createRig();
    bucket.put('new.csv', 'x', ago(MINUTE_MS - 10_000));
    for (let index = 0; index < 20; index += 1) bucket.put(`${index}.csv`, 'x', ago(MINUTE_MS + 10_000));
    expect((await reconciler.reconcile()).unreported).toHaveLength(20);
    expect(transformCsv.events).toHaveLength(20);
  });

  it('leaves many objects to their own events for as long as Lambda retries these', async () => {
    const { bucket, reconciler, transformCsv } = createRig();
    for (let index = 0; index < 20; index += 1) bucket.put(`${index}.csv`, 'x', ago(5 * MINUTE_MS - 10_000));
    bucket.put('old.csv', 'x', ago(5 * MINUTE_MS + 10_000));
    expect(await reconciler.reconcile()).toMatchObject({ listed: 21, unreported: ['old.csv'] });
    expect(transformCsv.events).toHaveLength(1);
  });

  it('describes the object as it is now instead of as it was listed', async () => {
    const { put, listing, reconciler, transformCsv } = createRig();
    put('a.csv', 'before');
    const { head } = listing;
    listing.head = (key) => {
      put('a.csv', 'now');
      return head.call(listing, key);
    };
    await reconciler.reconcile();
    expect(transformCsv.events).toMatchObject([{ arrival: { sizeBytes: 3, version: 'version-2' } }]);
  });

  it('waits longer by as much as events wait in a queue that is being worked off', async () => {
    const { bucket, ledger, reconciler, transformCsv } = createRig();
    bucket.put('queued.csv', 'x', ago(10.5 * MINUTE_MS));
    bucket.put('forgotten.csv', 'x', ago(12 * MINUTE_MS));
    const stored = bucket.put('begun.csv', 'x', ago(10 * MINUTE_MS));
    await ledger.register({ ...arrivalOf(stored), sentAt: ago(10 * MINUTE_MS).toISOString() }, isLatest);
    const { unreported, queueDelayMs } = await reconciler.reconcile();
    expect(unreported).toEqual(['forgotten.csv']);
    expect(queueDelayMs).toBeCloseTo(10 * MINUTE_MS, -3);
    expect(transformCsv.events).toHaveLength(1);
  });

  it('requests each of many files once, while its requests wait in the queue', async () => {
    const { put, database, reconciler, transformCsv } = createRig();
    for (let index = 0; index < 50; index += 1) put(`${index}.csv`);
    await reconciler.reconcile();
    const stalled = arrivalOf(put('stalled.csv'));
    database.addFile(stalled, 'loading');
    database.file(stalled).heartbeatAt = ago(2 * MINUTE_MS);
    for (let run = 0; run < 4; run += 1) {
      await reconciler.reconcile();
      for (const file of database.files.values()) file.heartbeatAt = new Date(file.heartbeatAt.getTime() - MINUTE_MS);
    }
    expect(transformCsv.events).toHaveLength(51);
  });

  it('names a version by ETag and time where the bucket keeps none, the same in every reconciliation', async () => {
    const { put, database, reconciler, transformCsv } = createRig({ keepsVersions: false });
    const { eTag, lastModified } = put('a.csv');
    await reconciler.reconcile();
    database.files.clear();
    await reconciler.reconcile();
    const arrival = { version: `listed:${eTag}:${lastModified.getTime()}`, versionId: null, sequencer: null };
    expect(transformCsv.events).toMatchObject([{ arrival }, { arrival }]);
  });

  it('ignores an object that was deleted after it was listed, and continues with the others', async () => {
    const { put, bucket, listing, reconciler, transformCsv } = createRig();
    put('deleted.csv');
    put('other.csv');
    const { head } = listing;
    listing.head = (key) => {
      bucket.delete('deleted.csv');
      return head.call(listing, key);
    };
    expect(await reconciler.reconcile()).toMatchObject({ listed: 2, unreported: ['other.csv'], stalled: [] });
    expect(transformCsv.events).toMatchObject([{ arrival: { key: 'other.csv' } }]);
  });

  it('restarts stalled files as their events described them', async () => {
    const { database, ledger, reconciler, transformCsv } = createRig();
    const stalled = {
      ...arrivalOf({ key: 'a.csv', eTag: 'e', versionId: 'v', bytes: Buffer.from('x'), lastModified: ago(0) }),
      sequencer: '0A',
    };
    await ledger.register(stalled, isLatest);
    database.file(stalled).heartbeatAt = ago(MINUTE_MS - 10_000);
    expect(await reconciler.reconcile()).toMatchObject({ stalled: [] });
    database.file(stalled).heartbeatAt = ago(MINUTE_MS + 10_000);
    expect(await reconciler.reconcile()).toMatchObject({ listed: 0, unreported: [], stalled: ['a.csv'] });
    expect(transformCsv.events).toEqual([{ arrival: stalled }]);
  });

  it('fails when Lambda refuses an event, so that the object is not reported as started', async () => {
    const { put, reconciler, transformCsv } = createRig();
    put('a.csv');
    transformCsv.outage = new Error('Lambda is unreachable');
    await expect(reconciler.reconcile()).rejects.toThrow('Lambda is unreachable');
  });
});
