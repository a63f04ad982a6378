const COMMA = 0x2c;
export const QUOTE = 0x22;
export const LF = 0x0a;
export const CR = 0x0d;

/** The record goes on behind the bytes at hand; the answer of a search, too, that finds nothing. */
export const UNFINISHED = -1;

/** A blank has up to this many bytes, so with fewer at hand it is open whether they are one. */
const MAX_BLANK_BYTES = 3;

/** A fault of the quotes: where, and whether a quote is open at the end of the file or something stands behind one. */
export interface QuoteFault {
  readonly at: number;
  readonly isOpen: boolean;
}

/** The end of a record that holds quotes: its LF, or the end of the file. Adds the blanks beside quotes to `cuts`. */
export function findQuotedRecordEnd(
  source: Buffer,
  start: number,
  isLast: boolean,
  cuts: number[],
): number | QuoteFault {
  let position = start;
  for (;;) {
    const valueStart = skipBlanks(source, position);
    if (source[valueStart] === QUOTE) {
      const closing = findClosingQuote(source, valueStart + 1, isLast);
      if (closing === UNFINISHED) return isLast ? { at: valueStart, isOpen: true } : UNFINISHED;
      const behind = skipBlanks(source, closing + 1);
      const next = source[behind];
      if (behind + MAX_BLANK_BYTES > source.length && !isLast && next !== COMMA && next !== LF) return UNFINISHED;
      if (next !== undefined && next !== COMMA && next !== LF) return { at: behind, isOpen: false };
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
