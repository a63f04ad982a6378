import { isUtf8 } from 'node:buffer';
import { InputError } from '../core/errors.ts';

/** A record of more bytes than this, its line end not counted, is unreadable. */
export const MAX_RECORD_BYTES = 1_048_576;

/** A place between two records of a file. */
export interface FilePosition {
  /** From 0. */
  readonly byteOffset: number;
  /** From 1. */
  readonly line: number;
}

/** The whole records of one stretch of a file, blank lines left out. */
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

const COMMA = 0x2c;
const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** A blank has up to this many bytes, so with fewer at hand it is open whether they are one. */
const MAX_BLANK_BYTES = 3;
const UNFINISHED = -1;

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
  #rest: Buffer = Buffer.alloc(0);
  #position: FilePosition;

  /** Takes up reading at the beginning of a record. */
  constructor(position: FilePosition = { byteOffset: 0, line: 1 }, maxRecordBytes: number = MAX_RECORD_BYTES) {
    this.#position = position;
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** The records that end in this block; what follows the last of them is kept for the next block. */
  scan(block: Buffer): RecordBatch {
    return this.#scan(block, false);
  }

  /** The record that ends with the file, where its last line has no line end. */
  end(): RecordBatch {
    return this.#scan(Buffer.alloc(0), true);
  }

  #scan(block: Buffer, isLast: boolean): RecordBatch {
    const source = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    const { byteOffset } = this.#position;
    const found = new Records(source, byteOffset);
    let start = this.#byteOrderMarkEnd(source, isLast);
    if (start === UNFINISHED) return this.#keep(source, found, 0, this.#position.line, null);
    let line = this.#position.line;
    let fault: InputError | null = null;
    let nextQuote = -1;
    found.begin(start);
    while (start < source.length) {
      const lineEnd = source.indexOf(LF, start);
      if (nextQuote < start) nextQuote = indexOrEnd(source, QUOTE, start);
      const plainEnd = lineEnd === -1 ? (isLast ? source.length : UNFINISHED) : lineEnd;
      const mark = found.cuts.length;
      const end =
        nextQuote < (lineEnd === -1 ? source.length : lineEnd)
          ? findQuotedRecordEnd(source, start, isLast, found.cuts)
          : plainEnd;
      if (typeof end === 'object') {
        const faultLine = line + countLineEnds(source, start, end.at);
        fault = end.at - start >= this.#maxRecordBytes ? this.#tooLong(line) : quoteFault(end.open, faultLine);
        found.cuts.length = mark;
        break;
      }
      // Four bytes beyond the limit: a line end, and a fault of the quotes within the limit is found first.
      if (end === UNFINISHED) {
        if (source.length - start > this.#maxRecordBytes + 4) fault = this.#tooLong(line);
        found.cuts.length = mark;
        break;
      }
      const contentEnd = end < source.length && end > start && source[end - 1] === CR ? end - 1 : end;
      if (contentEnd - start > this.#maxRecordBytes) {
        fault = this.#tooLong(line);
        found.cuts.length = mark;
        break;
      }
      if (contentEnd > start) found.add(start, contentEnd, line);
      line += end === lineEnd ? 1 : countLineEnds(source, start, end + 1);
      start = Math.min(end + 1, source.length);
    }
    return this.#keep(source, found, start, line, fault);
  }

  #byteOrderMarkEnd(source: Buffer, isLast: boolean): number {
    if (this.#position.byteOffset !== 0) return 0;
    if (source.length < BYTE_ORDER_MARK.length && !isLast) return UNFINISHED;
    return source.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  }

  #keep(source: Buffer, found: Records, end: number, line: number, fault: InputError | null): RecordBatch {
    this.#rest = source.subarray(end);
    this.#position = { byteOffset: found.byteOffset + end, line };
    return found.toBatch(end, this.#position, fault);
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

/** A fault of the quotes: where, and whether a quote is open at the end of the file or something stands behind one. */
interface QuoteFault {
  readonly at: number;
  readonly open: boolean;
}

/** The end of a record that holds quotes: its LF, or the end of the file. Adds the blanks beside quotes to `cuts`. */
function findQuotedRecordEnd(source: Buffer, start: number, isLast: boolean, cuts: number[]): number | QuoteFault {
  let position = start;
  for (;;) {
    const valueStart = skipBlanks(source, position);
    if (source[valueStart] === QUOTE) {
      const closing = findClosingQuote(source, valueStart + 1, isLast);
      if (closing === UNFINISHED) return isLast ? { at: valueStart, open: true } : UNFINISHED;
      const behind = skipBlanks(source, closing + 1);
      const next = source[behind];
      if (behind + MAX_BLANK_BYTES > source.length && !isLast && next !== COMMA && next !== LF) return UNFINISHED;
      if (next !== undefined && next !== COMMA && next !== LF) return { at: behind, open: false };
      if (valueStart > position) cuts.push(position, valueStart);
      const blanksEnd = next === LF && source[behind - 1] === CR ? behind - 1 : behind;
      if (blanksEnd > closing + 1) cuts.push(closing + 1, blanksEnd);
      position = behind;
    } else {
      position = valueStart;
      while (position < source.length && source[position] !== COMMA && source[position] !== LF) position += 1;
    }
    if (position >= source.length) return isLast ? source.length : UNFINISHED;
    if (source[position] === LF) return position;
    position += 1;
  }
}

/** The quote that closes a value: one that no other follows, and of which that is known. */
function findClosingQuote(source: Buffer, from: number, isLast: boolean): number {
  let quote = source.indexOf(QUOTE, from);
  while (quote !== -1) {
    if (quote + 1 >= source.length) return isLast ? quote : UNFINISHED;
    if (source[quote + 1] !== QUOTE) return quote;
    quote = source.indexOf(QUOTE, quote + 2);
  }
  return UNFINISHED;
}

/** Skips what JavaScript's `trim` removes, up to a line end. A CR belongs to the blanks, whether an LF follows or not. */
function skipBlanks(source: Buffer, from: number): number {
  let position = from;
  for (;;) {
    const length = blankLength(source, position);
    if (length === 0) return position;
    position += length;
  }
}

function blankLength(source: Buffer, position: number): number {
  const byte = source[position];
  if (byte === undefined || byte === LF) return 0;
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return 1;
  if (byte === 0xc2) return source[position + 1] === 0xa0 ? 2 : 0;
  if (byte !== 0xe1 && byte !== 0xe2 && byte !== 0xe3 && byte !== 0xef) return 0;
  return source.toString('utf8', position, position + 3).trim() === '' && position + 3 <= source.length ? 3 : 0;
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

function quoteFault(open: boolean, line: number): InputError {
  const reason = open
    ? `expected a quote to be closed, got the end of the file; the quote opens at line ${line}`
    : `expected a comma or a line end behind a closing quote, got something else at line ${line}`;
  return new InputError('PIPE_FILE_QUOTE', reason, { line });
}
