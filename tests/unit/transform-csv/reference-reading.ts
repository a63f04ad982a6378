/** What a file says by the table of edge cases, read slowly and by other means than the pipeline's own. */
export interface ReferenceReading {
  readonly rows: readonly { readonly values: readonly string[]; readonly line: number; readonly raw: string }[];
  readonly fault: 'PIPE_FILE_QUOTE' | 'PIPE_FILE_RECORD_SIZE' | null;
}

// `\s` is what `trim` removes; a line feed ends a line and is no blank.
const QUOTED = /[^\S\n]*"((?:[^"]|"")*)"(?!")[^\S\n]*/y;
const OPENS_QUOTE = /[^\S\n]*"/y;
const UNQUOTED = /[^,\n]*/y;

/** Reads a text, its byte order mark included, as the values of its records, trimmed. */
export function readByTable(fileText: string, maxRecordBytes = Number.POSITIVE_INFINITY): ReferenceReading {
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
      const behind = position + (token?.[0].length ?? 0);
      const faulty = token === null || (behind < text.length && !',\n'.includes(text.charAt(behind)));
      if (faulty) {
        // A quote that never closes takes the rest of the file; what stands behind a closing one is where reading ends.
        const end = token === null ? text.length : behind;
        const tooFar = Buffer.byteLength(text.slice(start, end)) + (token === null ? 0 : 1) > maxRecordBytes;
        return { rows, fault: tooFar ? 'PIPE_FILE_RECORD_SIZE' : 'PIPE_FILE_QUOTE' };
      }
      values.push((quoted ? (token[1] as string).replaceAll('""', '"') : token[0]).trim());
      position = behind;
      if (text[position] !== ',') break;
      position += 1;
    }
    const hasLineEnd = position < text.length;
    const raw = hasLineEnd ? text.slice(start, position).replace(/\r$/, '') : text.slice(start, position);
    if (Buffer.byteLength(raw) > maxRecordBytes) return { rows, fault: 'PIPE_FILE_RECORD_SIZE' };
    if (raw !== '') rows.push({ values, line, raw });
    position += 1;
  }
  return { rows, fault: null };
}

function match(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}
