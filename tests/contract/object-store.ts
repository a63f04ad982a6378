import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { ObjectStore } from '../../functions/ports/object-store.ts';

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore;
  /** Name of a new, empty bucket. */
  readonly bucket: string;
  /** Puts an object and returns its version as an event describes it. */
  put(key: string, bytes: Buffer): Promise<FileArrival>;
  /** Deletes a key. A bucket that keeps versions keeps the earlier ones. */
  delete(key: string): Promise<void>;
  /** Deletes one version; only where the bucket keeps versions. */
  deleteVersion(file: FileArrival): Promise<void>;
}

const KEY = '2026/Employee Salaries + 100% Zürich.csv';
const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

/** The contract of `ObjectStore`, for buckets that keep versions or that keep only the latest object. */
export function describeObjectStore(
  name: string,
  make: () => Promise<ObjectStoreUnderTest>,
  { keepsVersions }: { readonly keepsVersions: boolean },
): void {
  describe(`${name} as an object store, in a bucket ${keepsVersions ? 'with' : 'without'} versions`, () => {
    let subject: ObjectStoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      subject = await make();
      store = subject.store;
    });

    it('streams an object from its start and from any other byte', async () => {
      const file = await subject.put(KEY, BYTES);
      expect(file.versionId !== null).toBe(keepsVersions);
      for (const byteOffset of [0, 1, 100_000, BYTES.length - 1]) {
        const bytes = await readAll(await store.open(file, byteOffset));
        expect(bytes.equals(BYTES.subarray(byteOffset))).toBe(true);
      }
    });

    it('streams no bytes from the end of an object, nor from an empty object', async () => {
      expect(await readAll(await store.open(await subject.put(KEY, BYTES), BYTES.length))).toHaveLength(0);
      expect(await readAll(await store.open(await subject.put(KEY, Buffer.alloc(0)), 0))).toHaveLength(0);
    });

    it('streams one object to several readers at the same time', async () => {
      const file = await subject.put(KEY, BYTES);
      const streams = await Promise.all([0, 5, 200_000].map((byteOffset) => store.open(file, byteOffset)));
      const lengths = (await Promise.all(streams.map(readAll))).map(({ length }) => length);
      expect(lengths).toEqual([300_000, 299_995, 100_000]);
    });

    it('reports as latest only the version that the bucket returns for the key', async () => {
      const older = await subject.put(KEY, BYTES);
      expect(await store.isLatest(older)).toBe(true);
      const newer = await subject.put(KEY, Buffer.from('newer'));
      expect(await store.isLatest(older)).toBe(false);
      expect(await store.isLatest(newer)).toBe(true);
      await subject.delete(KEY);
      expect(await store.isLatest(newer)).toBe(false);
    });

    it('returns null for an object that never existed', async () => {
      const file = { ...(await subject.put(KEY, BYTES)), key: 'never.csv' };
      expect(await store.open(file, 0)).toBeNull();
      expect(await store.isLatest(file)).toBe(false);
    });

    it('throws when the bucket is missing, because the object may still exist', async () => {
      const file = await subject.put(KEY, BYTES);
      await expect(store.open({ ...file, bucket: `${subject.bucket}-missing` }, 0)).rejects.toThrow();
    });

    if (keepsVersions) {
      it('streams an older version for as long as the bucket keeps it', async () => {
        const older = await subject.put(KEY, BYTES);
        await subject.put(KEY, Buffer.from('newer'));
        await subject.delete(KEY);
        expect((await readAll(await store.open(older, 0))).equals(BYTES)).toBe(true);
        await subject.deleteVersion(older);
        expect(await store.open(older, 0)).toBeNull();
      });
    } else {
      it('returns null for a version that was replaced or deleted, instead of the bytes of another one', async () => {
        const older = await subject.put(KEY, BYTES);
        const newer = await subject.put(KEY, Buffer.from('newer'));
        expect(await store.open(older, 0)).toBeNull();
        expect(await store.open(older, 100)).toBeNull();
        expect((await readAll(await store.open(newer, 0))).toString()).toBe('newer');
        await subject.delete(KEY);
        expect(await store.open(newer, 0)).toBeNull();
      });
    }
  });
}

/** Reads a stream to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  if (stream === null) throw new Error('expected the object to be in the bucket');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}
