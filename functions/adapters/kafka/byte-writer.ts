/** What can be a key, a value or a header's value. */
export type Bytes = string | Buffer | null | undefined;

const INITIAL_BYTES = 64 * 1024;

/** Writes Kafka's primitive types one behind the other into one growing buffer. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #offset = 0;

  get offset(): number {
    return this.#offset;
  }

  /** What has been written so far, not copied. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#offset);
  }

  /** Makes room for at least so many bytes more; every other method relies on it. */
  reserve(byteCount: number): void {
    const needed = this.#offset + byteCount;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#offset);
    this.#buffer = grown;
  }

  /** Leaves a gap to be filled later by `setInt32` and returns where it is. */
  skip(byteCount: number): number {
    const start = this.#offset;
    this.#offset += byteCount;
    return start;
  }

  setInt32(value: number, offset: number): void {
    this.#buffer.writeInt32BE(value | 0, offset);
  }

  int8(value: number): void {
    this.#offset = this.#buffer.writeInt8(value, this.#offset);
  }

  int16(value: number): void {
    this.#offset = this.#buffer.writeInt16BE(value, this.#offset);
  }

  int32(value: number): void {
    this.#offset = this.#buffer.writeInt32BE(value, this.#offset);
  }

  int64(value: bigint): void {
    this.#offset = this.#buffer.writeBigInt64BE(BigInt.asIntN(64, value), this.#offset);
  }

  /** A text with its length in 16 bits; reserves by itself. */
  string(text: string | null | undefined): void {
    const length = text == null ? -1 : Buffer.byteLength(text);
    this.reserve(2 + Math.max(length, 0));
    this.int16(length);
    if (text != null) this.#text(text, length);
  }

  /** A 32-bit number in one to five bytes, small absolute values in few. */
  varInt(value: number): void {
    let rest = (value << 1) ^ (value >> 31);
    while ((rest & ~0x7f) !== 0) {
      this.#buffer[this.#offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#offset++] = rest;
  }

  /** The same for a whole number of up to 64 bits, in one to ten bytes. */
  varLong(value: number): void {
    if (value === (value | 0)) {
      this.varInt(value);
      return;
    }
    let rest = zigZag64(value);
    while (rest > 0x7fn) {
      this.#buffer[this.#offset++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#offset++] = Number(rest);
  }

  /** Bytes with their length as a varint, -1 for none. `length` is what `byteLength` says of them. */
  varBytes(bytes: Bytes, length: number): void {
    this.varInt(length);
    if (bytes == null) return;
    if (typeof bytes === 'string') this.#text(bytes, length);
    else this.#offset += bytes.copy(this.#buffer, this.#offset);
  }

  #text(text: string, length: number): void {
    // One byte a character: that is ASCII, and copying it as it is takes half the time of encoding it.
    this.#offset += this.#buffer.write(text, this.#offset, length, text.length === length ? 'latin1' : 'utf8');
  }
}

/** Bytes on the wire without their length; -1 for none. */
export function byteLength(bytes: Bytes): number {
  if (bytes == null) return -1;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}

export function sizeOfVarInt(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 7;
  let size = 1;
  for (; rest !== 0; rest >>>= 7) size += 1;
  return size;
}

export function sizeOfVarLong(value: number): number {
  if (value === (value | 0)) return sizeOfVarInt(value);
  let size = 1;
  for (let rest = zigZag64(value) >> 7n; rest !== 0n; rest >>= 7n) size += 1;
  return size;
}

function zigZag64(value: number): bigint {
  const wide = BigInt(value);
  return BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
}
