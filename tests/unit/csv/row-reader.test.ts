import { FileGoneError } from '../../../functions/csv/file-gone-error.ts';
import { readRowBatches } from '../../../functions/csv/row-reader.ts';
import { TransformRig } from '../../support/transform-rig.ts';

const BLOCK_BYTES = 65_536;
const START = { byteOffset: 0, line: 1 };

async function batchEnds(chunkBytes: number, content: string): Promise<number[]> {
  const rig = new TransformRig();
  rig.store.chunkBytes = chunkBytes;
  const ends: number[] = [];
  for await (const { next } of readRowBatches(rig.store, rig.put(content), START)) ends.push(next.byteOffset);
  return ends;
}

describe('readRowBatches', () => {
  it.each([
    [1_024, [BLOCK_BYTES, 2 * BLOCK_BYTES]],
    [BLOCK_BYTES, [BLOCK_BYTES, 2 * BLOCK_BYTES]],
    [2 * BLOCK_BYTES, [2 * BLOCK_BYTES]],
  ])('returns a batch for each 64 KiB, and the rest, in chunks of %d bytes', async (chunkBytes, ends) => {
    const content = 'row,row\n'.repeat((2 * BLOCK_BYTES) / 8 + 1);
    expect(await batchEnds(chunkBytes, content)).toEqual([...ends, content.length]);
  });

  it('fails with the version and the key when the file is gone', async () => {
    const rig = new TransformRig();
    const file = rig.put('a');
    rig.bucket.delete(file.key);
    const reading = readRowBatches(rig.store, file, START).next();
    await expect(reading).rejects.toThrow(FileGoneError);
    await expect(reading).rejects.toThrow(`version ${file.version} of ${file.key} is no longer in the bucket`);
  });
});
