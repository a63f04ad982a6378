/** What Confluent's serializers write before the record: a zero, and the id of the schema in four bytes. */
const PREFIX_BYTES = 5;

export interface Framed {
  readonly schemaId: number;
  readonly payload: Buffer;
}

/** Undefined when the bytes were not written with a schema registry. */
export function readFrame(bytes: Buffer): Framed | undefined {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== 0) return undefined;
  return { schemaId: bytes.readUInt32BE(1), payload: bytes.subarray(PREFIX_BYTES) };
}
