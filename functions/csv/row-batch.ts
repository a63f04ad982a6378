import { isUtf8 } from 'node:buffer';
import { InputError } from '../core/errors.ts';

/** A position between two rows of a file. */
export interface FilePosition {
  /** From 0. */
  readonly byteOffset: number;
  /** From 1. */
  readonly line: number;
}

/**
 * The complete rows in one part of a file, the header included and not parsed yet. Blank lines are left out.
 *
 * Valid until the scanner receives more bytes, because `source` is the scanner's buffer.
 */
export interface RowBatch {
  readonly source: Buffer;
  /** Offset in the file of the first byte of `source`. */
  readonly byteOffset: number;
  /** Of each row: the index in `source` of its first byte, the index after its last byte without line end, its line. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly lines: readonly number[];
  /** The same rows without blanks beside quotes, because csv-parse accepts a quoted value only without them. */
  readonly unpadded: Buffer;
  /** The position after the last row, where reading may resume. */
  readonly next: FilePosition;
  /** Why the file is unusable from `next` on; the rows before that are in the batch. `null` while it is usable. */
  readonly fault: InputError | null;
}

/** Collects the rows of one batch, in the order of the file. */
export class RowBatchBuilder {
  readonly #source: Buffer;
  readonly #byteOffset: number;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #lines: number[] = [];
  #firstByte = 0;

  /** Ranges of blanks beside quotes, as a flat list: start, end, start, end. */
  readonly cuts: number[] = [];

  constructor(source: Buffer, byteOffset: number) {
    this.#source = source;
    this.#byteOffset = byteOffset;
  }

  /** Leaves out everything before `index`: a byte order mark. */
  startAt(index: number): void {
    this.#firstByte = index;
  }

  add(start: number, end: number, line: number): void {
    this.#starts.push(start);
    this.#ends.push(end);
    this.#lines.push(line);
  }

  /** Builds the batch of everything before `end`. A row that is not UTF-8 ends it early and is its fault. */
  build(end: number, next: FilePosition, fault: InputError | null): RowBatch {
    const start = Math.min(this.#firstByte, end);
    const batch = {
      source: this.#source,
      byteOffset: this.#byteOffset,
      starts: this.#starts,
      ends: this.#ends,
      lines: this.#lines,
      unpadded: this.#withoutCuts(start, end),
      next,
      fault,
    };
    return isUtf8(this.#source.subarray(start, end)) ? batch : this.#upToInvalidRow(batch, start);
  }

  #upToInvalidRow(batch: RowBatch, start: number): RowBatch {
    const { source, starts, ends, lines, next } = batch;
    const invalid = starts.findIndex((from, index) => !isUtf8(source.subarray(from, ends[index])));
    const line = lines[invalid] ?? next.line;
    return {
      ...batch,
      starts: starts.slice(0, invalid),
      ends: ends.slice(0, invalid),
      lines: lines.slice(0, invalid),
      unpadded: this.#withoutCuts(start, starts[invalid] ?? start),
      fault: new InputError('PIPE_FILE_ENCODING', `expected UTF-8, got other bytes in the row at line ${line}`, {
        line,
      }),
    };
  }

  #withoutCuts(start: number, end: number): Buffer {
    if (this.cuts.length === 0) return this.#source.subarray(start, end);
    const pieces: Buffer[] = [];
    let from = start;
    for (let index = 0; (this.cuts[index] ?? end) < end; index += 2) {
      pieces.push(this.#source.subarray(from, this.cuts[index]));
      from = this.cuts[index + 1] as number;
    }
    pieces.push(this.#source.subarray(from, end));
    return Buffer.concat(pieces);
  }
}
