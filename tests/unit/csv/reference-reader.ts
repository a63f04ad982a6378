/** The rows of a file and its fault, found by a slow implementation that shares no code with the pipeline. */
export interface ReferenceResult {
  readonly rows: readonly { readonly values: readonly string[]; readonly line: number; readonly raw: string }[];
  readonly fault: 'PIPE_FILE_QUOTE' | 'PIPE_FILE_RECORD_SIZE' | null;
}

// `\s` matches what `trim` removes. A line feed ends a row, so it is not a blank here.
const QUOTED = /[^\S\n]*"((?:[^"]|"")*)"(?!")[^\S\n]*/y;
const OPENS_QUOTE = /[^\S\n]*"/y;
const UNQUOTED = /[^,\n]*/y;

/** Reads a text that may begin with a byte order mark. Values are trimmed. */
export function readSlowly(fileText: string, maxRowBytes = Number.POSITIVE_INFINITY): ReferenceResult {
  const text = fileText.startsWith('\uFEFF') ? fileText.slice(1) : fileText;
  const rows: { values: string[]; line: number; raw: string }[] = [];
  let position = 0;
  while (position < text.length) {
    const start = position;
    const line = text.slice(0, start).split('\n').length;
    const values: string[] = [];
    for (;;) {
      const quoted = match(QUOTED, text, position);
      const opens = match(OPENS_QUOTE, text, position);
      const token = quoted ?? (opens ? null : match(UNQUOTED, text, position));
      const after = position + (token?.[0].length ?? 0);
      const faulty = token === null || (after < text.length && !',\n'.includes(text.charAt(after)));
      if (faulty) {
        // An open quote extends to the end of the file. Text after a closing quote ends the reading where it begins.
        const end = token === null ? text.length : after;
        const tooFar = Buffer.byteLength(text.slice(start, end)) + (token === null ? 0 : 1) > maxRowBytes;
        return { rows, fault: tooFar ? 'PIPE_FILE_RECORD_SIZE' : 'PIPE_FILE_QUOTE' };
      }
      values.push((quoted ? (token[1] as string).replaceAll('""', '"') : token[0]).trim());
      position = after;
      if (text[position] !== ',') break;
      position += 1;
    }
    const hasLineEnd = position < text.length;
    const raw = hasLineEnd ? text.slice(start, position).replace(/\r$/, '') : text.slice(start, position);
    if (Buffer.byteLength(raw) > maxRowBytes) return { rows, fault: 'PIPE_FILE_RECORD_SIZE' };
    if (raw !== '') rows.push({ values, line, raw });
    position += 1;
  }
  return { rows, fault: null };
}

function match(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}
