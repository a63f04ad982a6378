import type { FileArrival } from '../core/ingestion.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { FileGoneError } from './file-gone-error.ts';
import type { FilePosition, RowBatch } from './row-batch.ts';
import { RowScanner } from './row-scanner.ts';

/**
 * Bytes that are scanned and parsed at a time: some hundred rows. With fewer, the parser's set-up dominates. With more,
 * heartbeats are delayed and memory grows; and a row of maximum length is scanned again for each block that it spans.
 */
const BLOCK_BYTES = 64 * 1024;

/**
 * Streams the rows of a file in batches, from a position on. Each batch is valid until the next one is requested.
 * Closes the connection when the caller stops early.
 *
 * @throws FileGoneError when the version is gone; the store's error, also in the middle of the stream.
 */
export async function* readRowBatches(
  store: ObjectStore,
  file: FileArrival,
  position: FilePosition,
): AsyncGenerator<RowBatch, void, undefined> {
  const bytes = await store.open(file, position.byteOffset);
  if (bytes === null) throw new FileGoneError(`version ${file.version} of ${file.key} is no longer in the bucket`);
  const scanner = new RowScanner(position);
  let addedBytes = 0;
  for await (const chunk of bytes) {
    scanner.add(chunk);
    addedBytes += chunk.length;
    if (addedBytes < BLOCK_BYTES) continue;
    addedBytes = 0;
    yield scanner.scan();
  }
  yield scanner.end();
}
