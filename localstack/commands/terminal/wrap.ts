import stringWidth from 'string-width';

/** The lines of a text that is broken between words. A word that is too long has a line of its own. */
export function wrapText(text: string, width: number | undefined): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && (width === undefined || stringWidth(`${last} ${word}`) <= width)) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** The text, filled with spaces up to a width. */
export function padText(text: string, width: number): string {
  return `${text}${' '.repeat(Math.max(0, width - stringWidth(text)))}`;
}
