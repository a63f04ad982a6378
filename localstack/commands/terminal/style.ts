import { styleText } from 'node:util';

/** What a piece of text is. A word says the same beside each colour, because not everybody sees it. */
export type Role = 'good' | 'attention' | 'dim' | 'strong' | 'plain';

export type Paint = (role: Role, text: string) => string;

const FORMATS = {
  good: 'green',
  attention: 'yellow',
  dim: 'dim',
  strong: 'bold',
} as const satisfies Record<Exclude<Role, 'plain'>, string>;

/** Colours for a stream. None when it is no terminal, or when `NO_COLOR` is set. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (role, text) => (role === 'plain' || text === '' ? text : styleText(FORMATS[role], text, { stream }));
}

/** No colours. */
export const plainPaint: Paint = (_, text) => text;

/** Columns of a terminal; `undefined` when the stream is none, so that nothing is cut. */
export function widthOf(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
}

/**
 * The text without what a terminal would obey: a key of an object or the reason of a failure may contain escape sequences
 * or line ends.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Control characters, and those that change the direction of the text. */
const CONTROL = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
