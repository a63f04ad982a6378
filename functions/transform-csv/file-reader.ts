import type { FileArrival } from '../core/ingestion.ts';
import type { ObjectStore } from './ports.ts';
import { type FilePosition, type RecordBatch, RecordScanner } from './record-scanner.ts';

/** The version is gone from the bucket, or another one is in its place. */
export class FileGone extends Error {}

/**
 * Bytes scanned and parsed at once: some thousand rows. Smaller costs a parser set up more often; larger holds up the
 * heartbeat and takes more memory, and a record of the greatest length is scanned again for each block that it spans.
 */
const BLOCK_BYTES = 256 * 1024;

/**
 * Streams a file's records from a position on, batch by batch; the connection is closed when the reader stops early.
 *
 * @throws FileGone; whatever the bucket throws, in the middle of the stream too.
 */
export async function* readRecords(
  store: ObjectStore,
  file: FileArrival,
  position: FilePosition,
): AsyncGenerator<RecordBatch, void, undefined> {
  const bytes = await store.open(file, position.byteOffset);
  if (bytes === null) throw new FileGone(`version ${file.version} of ${file.key} is no longer in the bucket`);
  const scanner = new RecordScanner(position);
  for await (const block of inBlocks(bytes)) yield scanner.scan(block);
  yield scanner.end();
}

async function* inBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    if (size < BLOCK_BYTES) continue;
    yield Buffer.concat(parts, size);
    parts = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(parts, size);
}
