import { InputError } from '../core/errors.ts';
import { CR, findQuotedRowEnd, LF, QUOTE, type QuoteFault, UNFINISHED } from './quoted-row.ts';
import { type FilePosition, type RowBatch, RowBatchBuilder } from './row-batch.ts';

/** Maximum size of a row in bytes, its line end not counted. A file with a longer row is unusable. */
export const MAX_ROW_BYTES = 1_048_576;

/** Holds several blocks. The buffer grows when a row needs more. */
const INITIAL_BUFFER_BYTES = 512 * 1024;

/**
 * How many bytes an unfinished row may exceed the limit before it counts as too long. A row of maximum length is followed
 * by CR and LF, and it takes up to three bytes to decide whether a blank follows a closing quote. So a fault of the
 * quotes within the limit is reported as such, wherever the blocks of the file are cut.
 */
const LOOKAHEAD_BYTES = 4;

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * Finds the rows in the bytes of a CSV file, wherever its blocks are cut, and checks that the file is usable: UTF-8,
 * every quote closed, nothing but blanks beside quotes, no row too long.
 *
 * It runs before csv-parse, because csv-parse cannot distinguish a blank line from a line of blanks, which is a row;
 * text after a closing quote from a quote inside a value; a blank of several bytes after a quote from text. Nor does it
 * report the line and bytes of a row where line ends are CRLF or inside quotes. A row without quotes, as most
 * are, costs one search for the line end.
 */
export class RowScanner {
  readonly #maxRowBytes: number;
  #position: FilePosition;
  /** One buffer for the whole file. A buffer for each block would be garbage outside the heap, which is freed late. */
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES);
  #start = 0;
  #end = 0;

  /** Starts at a position between two rows. */
  constructor(position: FilePosition = { byteOffset: 0, line: 1 }, maxRowBytes: number = MAX_ROW_BYTES) {
    this.#position = position;
    this.#maxRowBytes = maxRowBytes;
  }

  /** Copies the next bytes of the file. Batches returned before are invalid from then on. */
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

  /** Returns the rows that are complete in the bytes added so far, and keeps the bytes after them. */
  scan(): RowBatch {
    return this.#scan(false);
  }

  /** Returns the remaining rows, including a last one without a line end. */
  end(): RowBatch {
    return this.#scan(true);
  }

  #scan(isEndOfFile: boolean): RowBatch {
    const source = this.#buffer.subarray(this.#start, this.#end);
    const batch = new RowBatchBuilder(source, this.#position.byteOffset);
    let start = this.#byteOrderMarkEnd(source);
    let line = this.#position.line;
    let fault: InputError | null = null;
    let nextQuote = -1;
    batch.startAt(start);
    while (start < source.length) {
      const lineEnd = source.indexOf(LF, start);
      if (nextQuote < start) nextQuote = indexOrEnd(source, QUOTE, start);
      const hasNoQuote = nextQuote >= (lineEnd === -1 ? source.length : lineEnd);
      const unquotedEnd = lineEnd === -1 && isEndOfFile ? source.length : lineEnd;
      const end = hasNoQuote ? unquotedEnd : findQuotedRowEnd(source, start, isEndOfFile, batch.cuts);
      if (typeof end === 'object') {
        fault = this.#quoteFault(source, start, line, end);
        break;
      }
      if (end === UNFINISHED) {
        if (source.length - start > this.#maxRowBytes + LOOKAHEAD_BYTES) fault = this.#tooLong(line);
        break;
      }
      const contentEnd = end < source.length && end > start && source[end - 1] === CR ? end - 1 : end;
      if (contentEnd - start > this.#maxRowBytes) {
        fault = this.#tooLong(line);
        break;
      }
      if (contentEnd > start) batch.add(start, contentEnd, line);
      line += hasNoQuote ? 1 : countLineEnds(source, start, end + 1);
      start = Math.min(end + 1, source.length);
    }
    return this.#finish(batch, start, line, fault);
  }

  /** While the bytes end within the mark, they are an unfinished row, which is scanned again with the next bytes. */
  #byteOrderMarkEnd(source: Buffer): number {
    if (this.#position.byteOffset !== 0) return 0;
    return source.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  }

  /** Builds the batch of everything before `end` and moves the scanner's position there. */
  #finish(batch: RowBatchBuilder, end: number, line: number, fault: InputError | null): RowBatch {
    this.#start += end;
    this.#position = { byteOffset: this.#position.byteOffset + end, line };
    return batch.build(end, this.#position, fault);
  }

  #quoteFault(source: Buffer, start: number, line: number, { at, isOpen }: QuoteFault): InputError {
    const size = (isOpen ? source.length : at + 1) - start;
    if (size > this.#maxRowBytes) return this.#tooLong(line);
    const faultLine = line + countLineEnds(source, start, at);
    const reason = isOpen
      ? `expected every quote to be closed, got the end of the file; the open quote is at line ${faultLine}`
      : `expected a comma or a line end after a closing quote, got another character at line ${faultLine}`;
    return new InputError('PIPE_FILE_QUOTE', reason, { line: faultLine });
  }

  #tooLong(line: number): InputError {
    const reason =
      `expected rows of at most ${this.#maxRowBytes} bytes, got a longer one that begins at line ${line}; ` +
      'check that row for a quote that is never closed';
    return new InputError('PIPE_FILE_RECORD_SIZE', reason, { line });
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
