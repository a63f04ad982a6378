const COMMA = 0x2c;
export const QUOTE = 0x22;
export const LF = 0x0a;
export const CR = 0x0d;

/** The row does not end within the bytes available. */
export const UNFINISHED = -1;

/** Maximum length of one blank character. With fewer bytes left it cannot be decided whether they are a blank. */
const MAX_BLANK_BYTES = 3;

/** A fault of the quotes in a row. */
export interface QuoteFault {
  readonly at: number;
  /** `true`: the quote at `at` is open at the end of the file. `false`: text follows a closing quote at `at`. */
  readonly isOpen: boolean;
}

/**
 * Finds the end of a row that contains quotes: the index of its LF, the end of the file, or `UNFINISHED`.
 *
 * Adds the ranges of blanks beside quotes to `cuts`, as start and end.
 */
export function findQuotedRowEnd(
  source: Buffer,
  start: number,
  isEndOfFile: boolean,
  cuts: number[],
): number | QuoteFault {
  let position = start;
  for (;;) {
    const valueStart = skipBlanks(source, position);
    if (source[valueStart] === QUOTE) {
      const closing = findClosingQuote(source, valueStart + 1);
      if (closing === UNFINISHED) return isEndOfFile ? { at: valueStart, isOpen: true } : UNFINISHED;
      const after = skipBlanks(source, closing + 1);
      const next = source[after];
      if (after + MAX_BLANK_BYTES > source.length && !isEndOfFile && next !== COMMA && next !== LF) return UNFINISHED;
      if (next !== undefined && next !== COMMA && next !== LF) return { at: after, isOpen: false };
      if (valueStart > position) cuts.push(position, valueStart);
      const blanksEnd = next === LF && source[after - 1] === CR ? after - 1 : after;
      if (blanksEnd > closing + 1) cuts.push(closing + 1, blanksEnd);
      position = after;
    } else {
      position = valueStart;
      while (position < source.length && source[position] !== COMMA && source[position] !== LF) position += 1;
    }
    if (position >= source.length) return isEndOfFile ? source.length : UNFINISHED;
    if (source[position] === LF) return position;
    position += 1;
  }
}

/** A quote closes a value unless another quote follows it. At the last byte, the caller waits for the next ones. */
function findClosingQuote(source: Buffer, from: number): number {
  let quote = source.indexOf(QUOTE, from);
  while (quote !== -1) {
    if (source[quote + 1] !== QUOTE) return quote;
    quote = source.indexOf(QUOTE, quote + 2);
  }
  return UNFINISHED;
}

/** Skips the characters that JavaScript's `trim` removes, except LF. CR counts as a blank even before an LF. */
function skipBlanks(source: Buffer, from: number): number {
  let position = from;
  for (;;) {
    const length = blankLength(source, position);
    if (length === 0) return position;
    position += length;
  }
}

/** Length in bytes of the blank character at a position; 0 when there is none. */
function blankLength(source: Buffer, position: number): number {
  const byte = source[position];
  if (byte === undefined || byte === LF) return 0;
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return 1;
  if (byte === 0xc2) return source[position + 1] === 0xa0 ? 2 : 0;
  if (byte !== 0xe1 && byte !== 0xe2 && byte !== 0xe3 && byte !== 0xef) return 0;
  return source.toString('utf8', position, position + 3).trim() === '' ? 3 : 0;
}
