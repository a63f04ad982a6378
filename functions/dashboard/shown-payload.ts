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

/** The payload in a record of a dead-letter topic; `null` when there is none, or the record is no dead letter. */
export function shownPayload(value: Buffer | null): ShownPayload | null {
  const envelope = value === null ? undefined : decodeEnvelope(value);
  if (envelope === undefined || envelope.payload === null) return null;
  const shown = envelope.payload.subarray(0, MAX_SHOWN_BYTES);
  const isCut = envelope.cut || shown.length < envelope.payload.length;
  const text = textOf(shown, isCut);
  return text === null
    ? { text: Buffer.from(shown).toString('base64'), encoding: 'base64', isCut }
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
