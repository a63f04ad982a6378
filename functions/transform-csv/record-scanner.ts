import { isUtf8 } from 'node:buffer';
import { InputError } from '../core/errors.ts';
import { CR, findQuotedRecordEnd, LF, QUOTE, type QuoteFault, UNFINISHED } from './quoted-record.ts';

/** A record of more bytes than this, its line end not counted, is unreadable. */
export const MAX_RECORD_BYTES = 1_048_576;

/** A place between two records of a file. */
export interface FilePosition {
  /** From 0. */
  readonly byteOffset: number;
  /** From 1. */
  readonly line: number;
}

/** The whole records of one stretch of a file, blank lines left out. Valid until the scanner gets further bytes. */
export interface RecordBatch {
  readonly source: Buffer;
  /** Offset in the file of the first byte of `source`. */
  readonly byteOffset: number;
  /** Of each record: its first byte in `source`, the byte behind its last (the line end not counted), its line. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly lines: readonly number[];
  /** The same records with no blanks beside the quotes, for a parser that reads quotes only without them. */
  readonly unpadded: Buffer;
  /** Behind the last of the records: where reading may be taken up again. */
  readonly next: FilePosition;
  /** Why the file is unusable from here on; the records before that are in the batch. */
  readonly fault: InputError | null;
}

/** Some blocks; it grows when a record is longer. */
const INITIAL_BUFFER_BYTES = 512 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Finds the records in the bytes of a CSV file, wherever its blocks are cut, and finds out whether it is one: UTF-8,
 * quotes closed and nothing but blanks beside them, no record too long.
 *
 * It stands in front of csv-parse because csv-parse cannot tell these apart: a blank line from a line of blanks, which
 * is a row; text behind a closing quote from a quote inside a field; a blank of several bytes behind a quote from text.
 * Nor does it tell a record's line or bytes where a line end is CRLF or stands inside quotes. Most records hold no
 * quote, and then it costs one search for the line end.
 */
export class RecordScanner {
  readonly #maxRecordBytes: number;
  #position: FilePosition;
  /** One buffer for the whole file: a new one for each block would be garbage outside the heap, collected late. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES);
  #start = 0;
  #end = 0;

  /** Takes up reading at the beginning of a record. */
  constructor(position: FilePosition = { byteOffset: 0, line: 1 }, maxRecordBytes: number = MAX_RECORD_BYTES) {
    this.#position = position;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Takes over the next bytes of the file. What a batch showed before is void from then on. */
  add(bytes: Uint8Array): void {
    const restBytes = this.#end - this.#start;
    if (this.#end + bytes.length > this.#buffer.length) {
      const needed = restBytes + bytes.length;
      const previous = this.#buffer;
      if (needed > previous.length) this.#buffer = Buffer.allocUnsafeSlow(2 * needed);
      previous.copy(this.#buffer, 0, this.#start, this.#end);
      this.#start = 0;
      this.#end = restBytes;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The records that end in the bytes added so far; what follows the last of them is kept. */
  scan(): RecordBatch {
    return this.#scan(false);
  }

  /** As `scan`, with the record that ends with the file, where its last line has no line end. */
  end(): RecordBatch {
    return this.#scan(true);
  }

  #scan(isLast: boolean): RecordBatch {
    const source = this.#buffer.subarray(this.#start, this.#end);
    const { byteOffset } = this.#position;
    const found = new Records(source, byteOffset);
    let start = this.#byteOrderMarkEnd(source, isLast);
    if (start === UNFINISHED) return this.#keep(found, 0, this.#position.line, null);
    let line = this.#position.line;
    let fault: InputError | null = null;
    let nextQuote = -1;
    found.begin(start);
    while (start < source.length) {
      const lineEnd = source.indexOf(LF, start);
      if (nextQuote < start) nextQuote = indexOrEnd(source, QUOTE, start);
      const isPlain = nextQuote >= (lineEnd === -1 ? source.length : lineEnd);
      const plainEnd = lineEnd === -1 && isLast ? source.length : lineEnd;
      const end = isPlain ? plainEnd : findQuotedRecordEnd(source, start, isLast, found.cuts);
      if (typeof end === 'object') {
        fault = this.#quoteFault(source, start, line, end);
        break;
      }
      if (end === UNFINISHED) {
        // A line end's bytes and a blank's beyond the limit, so that a fault of the quotes before it is found first.
        if (source.length - start > this.#maxRecordBytes + 4) fault = this.#tooLong(line);
        break;
      }
      const contentEnd = end < source.length && end > start && source[end - 1] === CR ? end - 1 : end;
      if (contentEnd - start > this.#maxRecordBytes) {
        fault = this.#tooLong(line);
        break;
      }
      if (contentEnd > start) found.add(start, contentEnd, line);
      line += isPlain ? 1 : countLineEnds(source, start, end + 1);
      start = Math.min(end + 1, source.length);
    }
    return this.#keep(found, start, line, fault);
  }

  #byteOrderMarkEnd(source: Buffer, isLast: boolean): number {
    if (this.#position.byteOffset !== 0) return 0;
    if (source.length < BYTE_ORDER_MARK.length && !isLast) return UNFINISHED;
    return source.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  }

  #keep(found: Records, end: number, line: number, fault: InputError | null): RecordBatch {
    this.#start += end;
    this.#position = { byteOffset: found.byteOffset + end, line };
    return found.toBatch(end, this.#position, fault);
  }

  #quoteFault(source: Buffer, start: number, line: number, { at, isOpen }: QuoteFault): InputError {
    const size = (isOpen ? source.length : at + 1) - start;
    if (size > this.#maxRecordBytes) return this.#tooLong(line);
    const faultLine = line + countLineEnds(source, start, at);
    const reason = isOpen
      ? `expected a quote to be closed, got the end of the file; the quote opens at line ${faultLine}`
      : `expected a comma or a line end behind a closing quote, got something else at line ${faultLine}`;
    return new InputError('PIPE_FILE_QUOTE', reason, { line: faultLine });
  }

  #tooLong(line: number): InputError {
    return new InputError(
      'PIPE_FILE_RECORD_SIZE',
      `expected records of at most ${this.#maxRecordBytes} bytes; a longer one begins at line ${line}. ` +
        'A quote that is never closed may be why',
      { line },
    );
  }
}

/** Collects the records of one stretch. */
class Records {
  readonly source: Buffer;
  readonly byteOffset: number;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly lines: number[] = [];
  /** Stretches of blanks beside quotes: from, to, from, to and so on. */
  readonly cuts: number[] = [];
  #start = 0;

  constructor(source: Buffer, byteOffset: number) {
    this.source = source;
    this.byteOffset = byteOffset;
  }

  begin(start: number): void {
    this.#start = start;
  }

  add(start: number, end: number, line: number): void {
    this.starts.push(start);
    this.ends.push(end);
    this.lines.push(line);
  }

  toBatch(end: number, next: FilePosition, fault: InputError | null): RecordBatch {
    const { source, byteOffset, starts, ends, lines } = this;
    const start = Math.min(this.#start, end);
    const batch = { source, byteOffset, starts, ends, lines, unpadded: this.#withoutCuts(start, end), next, fault };
    if (isUtf8(source.subarray(start, end))) return batch;
    const bad = starts.findIndex((from, index) => !isUtf8(source.subarray(from, ends[index])));
    const line = lines[bad] ?? next.line;
    return {
      ...batch,
      starts: starts.slice(0, bad),
      ends: ends.slice(0, bad),
      lines: lines.slice(0, bad),
      unpadded: this.#withoutCuts(start, starts[bad] ?? start),
      fault: new InputError('PIPE_FILE_ENCODING', `expected UTF-8, got other bytes in the record at line ${line}`, {
        line,
      }),
    };
  }

  #withoutCuts(start: number, end: number): Buffer {
    if (this.cuts.length === 0) return this.source.subarray(start, end);
    const pieces: Buffer[] = [];
    let from = start;
    for (let index = 0; index < this.cuts.length && (this.cuts[index] as number) < end; index += 2) {
      pieces.push(this.source.subarray(from, this.cuts[index]));
      from = this.cuts[index + 1] as number;
    }
    pieces.push(this.source.subarray(from, end));
    return Buffer.concat(pieces);
  }
}

function indexOrEnd(source: Buffer, byte: number, from: number): number {
  const index = source.indexOf(byte, from);
  return index === -1 ? source.length : index;
}

function countLineEnds(source: Buffer, from: number, to: number): number {
  let count = 0;
  for (let index = source.indexOf(LF, from); index !== -1 && index < to; index = source.indexOf(LF, index + 1)) {
    count += 1;
  }
  return count;
}
