/** The reversed Castagnoli polynomial, by which Kafka guards its record batches. `node:zlib` has only the other CRC-32. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** Slice k holds what a byte adds to the sum when k more bytes follow it: eight lookups then take eight bytes at once. */
const slices = makeSlices();

/** CRC-32C of `bytes[start, end)`, unsigned. */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  const [s0, s1, s2, s3, s4, s5, s6, s7] = slices;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const low = view.getInt32(at, true) ^ crc;
    const high = view.getInt32(at + 4, true);
    crc =
      entry(s7, low) ^
      entry(s6, low >>> 8) ^
      entry(s5, low >>> 16) ^
      entry(s4, low >>> 24) ^
      entry(s3, high) ^
      entry(s2, high >>> 8) ^
      entry(s1, high >>> 16) ^
      entry(s0, high >>> 24);
  }
  for (; at < end; at += 1) crc = entry(s0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Slice = Int32Array;
type Slices = readonly [Slice, Slice, Slice, Slice, Slice, Slice, Slice, Slice];

function entry(slice: Slice, byte: number): number {
  return slice[byte & 0xff] as number;
}

function makeSlices(): Slices {
  const table = Array.from({ length: SLICES }, () => new Int32Array(256)) as unknown as Slices;
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[0][byte] = crc;
  }
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = entry(table[0], byte);
    for (const slice of table.slice(1)) {
      crc = entry(table[0], crc) ^ (crc >>> 8);
      slice[byte] = crc;
    }
  }
  return table;
}
