import { decodeEnvelope } from '../core/dead-letter-envelope.ts';

/** The payload of a dead letter as its own page shows it. */
export interface ShownPayload {
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
  /** Whether the text is only the beginning. */
  readonly isCut: boolean;
}

/** More is not needed to see what is wrong, and the page stays small. */
const MAX_SHOWN_BYTES = 4_096;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The payload in a record of a dead-letter topic, or the record itself when it is no dead letter; `null` when there is none.
 */
export function shownPayload(value: Buffer | null): ShownPayload | null {
  if (value === null) return null;
  const envelope = decodeEnvelope(value);
  return envelope === undefined
    ? shownBytes(value, false)
    : envelope.payload && shownBytes(envelope.payload, envelope.cut);
}

function shownBytes(bytes: Buffer, isAlreadyCut: boolean): ShownPayload {
  const shown = bytes.subarray(0, MAX_SHOWN_BYTES);
  const isCut = isAlreadyCut || shown.length < bytes.length;
  const text = textOf(shown, isCut);
  return text === null
    ? { text: shown.toString('base64'), encoding: 'base64', isCut }
    : { text, encoding: 'utf8', isCut };
}

/** `null` for bytes that are no text. The end of what was cut may be within a character. */
function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  for (const dropped of isCut ? [0, 1, 2, 3] : [0]) {
    try {
      return utf8.decode(bytes.subarray(0, bytes.length - dropped));
    } catch {}
  }
  return null;
}
