import type { BucketListing, ListedObject } from '../../functions/ports/bucket-listing.ts';

export interface BucketListingUnderTest {
  /** The listing of a new, empty bucket. */
  readonly listing: BucketListing;
  readonly bucket: string;
  /** Maximum number of objects in one page. */
  readonly pageSize: number;
  /** Puts an object and returns what the bucket calls it. */
  put(key: string, content: string): Promise<{ readonly eTag: string; readonly versionId: string | null }>;
  delete(key: string): Promise<void>;
}

const ENCODED_KEY = '2026/Employee Salaries + 100% Zürich.csv';

/** The contract of `BucketListing`, for buckets that keep versions or that keep only the latest object. */
export function describeBucketListing(
  name: string,
  make: () => Promise<BucketListingUnderTest>,
  { keepsVersions }: { readonly keepsVersions: boolean },
): void {
  describe(`${name} as a bucket listing, of a bucket ${keepsVersions ? 'with' : 'without'} versions`, () => {
    let subject: BucketListingUnderTest;
    let listing: BucketListing;
    beforeEach(async () => {
      subject = await make();
      listing = subject.listing;
    });

    const listAll = async (suffix: string): Promise<ListedObject[]> => {
      const objects: ListedObject[] = [];
      for await (const page of listing.list(suffix)) {
        expect(page.length).toBeLessThanOrEqual(subject.pageSize);
        objects.push(...page);
      }
      return objects;
    };
    const listKeys = async (suffix: string) => (await listAll(suffix)).map(({ key }) => key).sort();

    it('names its bucket', () => {
      expect(listing.name).toBe(subject.bucket);
    });

    it('lists nothing in an empty bucket', async () => {
      expect(await listAll('')).toEqual([]);
    });

    it('lists the objects whose key ends with the suffix', async () => {
      for (const key of ['a.csv', ENCODED_KEY, 'a.CSV', 'a.csv.gz', 'notes.txt']) await subject.put(key, 'x');
      expect(await listKeys('.csv')).toEqual([ENCODED_KEY, 'a.csv']);
    });

    it('lists every object when they need more than one page', async () => {
      const keys = Array.from({ length: subject.pageSize + 1 }, (_, index) => `${index}.csv`).sort();
      for (let start = 0; start < keys.length; start += 50) {
        await Promise.all(keys.slice(start, start + 50).map((key) => subject.put(key, 'x')));
      }
      expect(await listKeys('.csv')).toEqual(keys);
    });

    it('lists and describes the latest object of a key', async () => {
      const before = Date.now();
      await subject.put(ENCODED_KEY, 'older');
      const { eTag, versionId } = await subject.put(ENCODED_KEY, 'the newer one');
      const [listed, ...others] = await listAll('.csv');
      expect(others).toEqual([]);
      expect(listed).toEqual({ key: ENCODED_KEY, eTag, sizeBytes: 13, lastModified: expect.any(Date) });
      expect(eTag).not.toContain('"');
      // A server may report whole seconds.
      expect(listed?.lastModified.getTime()).toBeGreaterThanOrEqual(before - 1_000);
      expect(listed?.lastModified.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
      const head = await listing.head(ENCODED_KEY);
      expect(head).toEqual({ ...listed, lastModified: expect.any(Date), versionId });
      expect(versionId !== null).toBe(keepsVersions);
    });

    it('neither lists nor describes a deleted object', async () => {
      await subject.put('a.csv', 'x');
      await subject.delete('a.csv');
      expect(await listAll('.csv')).toEqual([]);
      expect(await listing.head('a.csv')).toBeUndefined();
    });

    it('returns undefined for an object that never existed', async () => {
      expect(await listing.head('never.csv')).toBeUndefined();
    });
  });
}
