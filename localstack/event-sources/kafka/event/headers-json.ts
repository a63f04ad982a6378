import type { RecordHeader } from '../consumer/patched-kafkajs.ts';

/** The end of a record's JSON without headers. */
export const NO_HEADERS = ',"headers":[]}';

/** The end of a record's JSON: a single-key object for each header, in order. */
export function headersJson(headers: readonly RecordHeader[]): string {
  if (headers.length === 0) return NO_HEADERS;
  const objects = headers.map(({ key, value }) => `{${JSON.stringify(key)}:${signedBytes(value)}}`);
  return `,"headers":[${objects.join(',')}]}`;
}

/** Lambda's poller is written in Java, so bytes above 127 are negative. A header without a value becomes an empty list. */
function signedBytes(value: Buffer | null): string {
  if (value === null) return '[]';
  return `[${new Int8Array(value.buffer, value.byteOffset, value.length).join(',')}]`;
}
