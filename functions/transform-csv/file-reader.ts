import type { FileArrival } from '../core/ingestion.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { type FilePosition, type RecordBatch, RecordScanner } from './record-scanner.ts';

/** The version is gone from the bucket, or another one is in its place. */
export class FileGone extends Error {}

/**
 * Bytes scanned and parsed at once: some hundred rows. Smaller costs a parser set up more often; larger holds up the
 * heartbeat and takes more memory, and a record of the greatest length is scanned again for each block that it spans.
 */
const BLOCK_BYTES = 64 * 1024;

/**
 * Streams a file's records from a position on, batch by batch, each valid until the next one is asked for; the
 * connection is closed when the reader stops early.
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
  let added = 0;
  for await (const chunk of bytes) {
    scanner.add(chunk);
    added += chunk.length;
    if (added < BLOCK_BYTES) continue;
    added = 0;
    yield scanner.scan();
  }
  yield scanner.end();
}
