import type { FileArrival } from '../../../functions/core/ingestion.ts';
import { RereadableObjectStore } from '../../../functions/transform-csv/rereadable-object-store.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';

function createRig() {
  const bucket = new InMemoryBucket('salaries');
  const inner = new InMemoryObjectStore(bucket);
  const store = new RereadableObjectStore(inner);
  const put = (key: string, content: string): FileArrival => {
    const { eTag, versionId } = bucket.put(key, content);
    return { bucket: 'salaries', key, version: eTag, versionId, sequencer: null, eTag, sizeBytes: content.length };
  };
  const read = async (file: FileArrival, byteOffset = 0) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await store.open(file, byteOffset)) ?? []) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return { bucket, inner, store, put, read };
}

describe('RereadableObjectStore', () => {
  it('requests a small file once, and reads it again from any offset', async () => {
    const { inner, put, read } = createRig();
    const file = put('a.csv', 'header\nrow\n');
    expect(await read(file)).toBe('header\nrow\n');
    expect(await read(file, 7)).toBe('row\n');
    expect(await read(file, 11)).toBe('');
    expect(inner.openedAt).toEqual([0]);
  });

  it('requests another file, and another version of the same key', async () => {
    const { inner, put, read } = createRig();
    await read(put('a.csv', 'first'));
    expect(await read(put('b.csv', 'other'))).toBe('other');
    expect(await read(put('b.csv', 'newer'))).toBe('newer');
    expect(inner.openedAt).toHaveLength(3);
  });

  it('does not keep a large file, whatever size its event says', async () => {
    const { inner, put, read } = createRig();
    const content = 'x'.repeat(300_000);
    const file = { ...put('a.csv', content), sizeBytes: 0 };
    expect(await read(file)).toBe(content);
    expect(await read(file, 299_999)).toBe('x');
    expect(inner.openedAt).toEqual([0, 299_999]);
  });

  it('does not keep a file that was not read to its end', async () => {
    const { inner, put, read, store } = createRig();
    const file = put('a.csv', 'x'.repeat(100_000));
    for await (const chunk of (await store.open(file, 0)) ?? []) if (chunk.length > 0) break;
    expect(await read(file)).toHaveLength(100_000);
    expect(inner.openedAt).toEqual([0, 0]);
  });

  it('passes on that a version is gone, and whether it is the latest', async () => {
    const { bucket, store, put } = createRig();
    const file = put('a.csv', 'x');
    expect(await store.isLatest(file)).toBe(true);
    bucket.delete('a.csv');
    expect(await store.isLatest(file)).toBe(false);
    expect(await store.open(file, 0)).toBeNull();
  });
});
