import type { FileArrival } from '../../../functions/core/ingestion.ts';
import type { LatestObject, ListedObject } from '../../../functions/ports/bucket-listing.ts';
import { BucketReconciler } from '../../../functions/reconcile-bucket/bucket-reconciler.ts';

const object = (key: string, more: Partial<LatestObject> = {}): LatestObject => ({
  key,
  eTag: `etag-of-${key}`,
  sizeBytes: 10,
  lastModified: new Date(1_700_000_000_000),
  versionId: `version-of-${key}`,
  ...more,
});

function reconcilerOf(options: {
  pages: readonly (readonly ListedObject[])[];
  latest?: Readonly<Record<string, LatestObject>>;
  known?: readonly string[];
  stalled?: readonly FileArrival[];
  failOn?: string;
}) {
  const invoked: FileArrival[] = [];
  const asked: number[] = [];
  const unnoticed: number[] = [];
  const suffixes: string[] = [];
  const reconciler = new BucketReconciler({
    bucket: {
      name: 'salaries',
      list: async function* (suffix) {
        suffixes.push(suffix);
        yield* options.pages;
      },
      head: async (key) => options.latest?.[key],
    },
    unfinishedFiles: {
      findUnreported: async (objects, olderThanMs) => {
        unnoticed.push(olderThanMs);
        return objects.filter(({ key }) => !options.known?.includes(key));
      },
      findStalled: async (staleAfterMs) => {
        asked.push(staleAfterMs);
        return options.stalled ?? [];
      },
    },
    transformCsv: {
      invokeAsync: async (event) => {
        const { arrival } = event as { arrival: FileArrival };
        if (arrival.key === options.failOn) throw new Error('Lambda is away');
        invoked.push(arrival);
      },
    },
    staleAfterMs: 60_000,
  });
  return { reconciler, invoked, asked, unnoticed, suffixes };
}

const stalledFile: FileArrival = {
  bucket: 'salaries',
  key: 'stalled.csv',
  version: '0A',
  versionId: null,
  sequencer: '0A',
  eTag: 'e',
  sizeBytes: 5,
};

describe('BucketReconciler', () => {
  it('hands on what the accounting does not know, page by page', async () => {
    const a = object('a.csv');
    const c = object('c.csv');
    const { reconciler, invoked, suffixes } = reconcilerOf({
      pages: [[a, object('b.csv')], [], [c]],
      latest: { 'a.csv': a, 'c.csv': c },
      known: ['b.csv'],
    });
    expect(await reconciler.reconcile()).toEqual({ listed: 3, unreported: ['a.csv', 'c.csv'], stalled: [] });
    expect(suffixes).toEqual(['.csv']);
    expect(invoked[0]).toEqual({
      bucket: 'salaries',
      key: 'a.csv',
      version: 'version-of-a.csv',
      versionId: 'version-of-a.csv',
      sequencer: null,
      eTag: 'etag-of-a.csv',
      sizeBytes: 10,
    });
  });

  it('leaves an object to its own event for as long as a file may stand still', async () => {
    const { reconciler, unnoticed } = reconcilerOf({ pages: [[object('a.csv')]] });
    await reconciler.reconcile();
    expect(unnoticed).toEqual([60_000]);
  });

  it('describes the object as it is now, not as it was listed', async () => {
    const { reconciler, invoked } = reconcilerOf({
      pages: [[object('a.csv', { eTag: 'before', sizeBytes: 1 })]],
      latest: { 'a.csv': object('a.csv', { eTag: 'now', sizeBytes: 2, versionId: 'v2' }) },
    });
    await reconciler.reconcile();
    expect(invoked).toMatchObject([{ eTag: 'now', sizeBytes: 2, version: 'v2' }]);
  });

  it('names a version by bytes and moment where the bucket keeps none, the same at every look', async () => {
    const a = object('a.csv', { versionId: null });
    const { reconciler, invoked } = reconcilerOf({ pages: [[a]], latest: { 'a.csv': a } });
    await reconciler.reconcile();
    await reconciler.reconcile();
    expect(invoked.map(({ version }) => version)).toEqual([
      'listed:etag-of-a.csv:1700000000000',
      'listed:etag-of-a.csv:1700000000000',
    ]);
  });

  it('leaves alone what has gone since it was listed', async () => {
    const { reconciler, invoked } = reconcilerOf({ pages: [[object('gone.csv')]] });
    expect(await reconciler.reconcile()).toEqual({ listed: 1, unreported: [], stalled: [] });
    expect(invoked).toEqual([]);
  });

  it('hands on again what stands still, as its event described it', async () => {
    const { reconciler, invoked, asked } = reconcilerOf({ pages: [], stalled: [stalledFile] });
    expect(await reconciler.reconcile()).toEqual({ listed: 0, unreported: [], stalled: ['stalled.csv'] });
    expect(invoked).toEqual([stalledFile]);
    expect(asked).toEqual([60_000]);
  });

  it('fails when Lambda does not take an event, so that nobody believes it handed on', async () => {
    const a = object('a.csv');
    const { reconciler } = reconcilerOf({ pages: [[a]], latest: { 'a.csv': a }, failOn: 'a.csv' });
    await expect(reconciler.reconcile()).rejects.toThrow('Lambda is away');
  });
});
