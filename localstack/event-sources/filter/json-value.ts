import { randomUUID } from 'node:crypto';

/** A number with its source text: filters compare the text, so 300 and 300.0 differ. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get value(): number {
    return Number(this.text);
  }
}

export type JsonValue = string | boolean | null | JsonNumber | JsonValue[] | { [name: string]: JsonValue };

/** Throws a SyntaxError if the text is not JSON. */
export function parseJson(text: string): JsonValue {
  let lacksSource = false;
  const value = parseWith(text, (inner, source) => {
    if (typeof inner !== 'number') return inner as JsonValue;
    lacksSource ||= source === undefined;
    return new JsonNumber(source ?? '');
  });
  return lacksSource ? parseMarked(text) : value;
}

/** `source` is the text of a plain value. Node 20 does not give it. */
function parseWith(text: string, revive: (value: unknown, source: string | undefined) => JsonValue): JsonValue {
  const reviver = (_key: string, value: unknown, context?: { source?: string }) => revive(value, context?.source);
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as JsonValue;
}

/** No text of a record begins with it. */
const MARKER = `${randomUUID()} `;

/** Parses valid JSON with each of its numbers as a string that begins with the marker. */
function parseMarked(text: string): JsonValue {
  let isInString = false;
  // A string is not one token, because an expression that repeats a group fails for a string of megabytes.
  const marked = text.replace(/"|\\.|-?\d[\d.eE+-]*/g, (token) => {
    if (token === '"') isInString = !isInString;
    return isInString || token === '"' ? token : `"${MARKER}${token}"`;
  });
  return parseWith(marked, (value) =>
    typeof value === 'string' && value.startsWith(MARKER)
      ? new JsonNumber(value.slice(MARKER.length))
      : (value as JsonValue),
  );
}

export function isJsonObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** The JSON text of a value of a pattern, for messages. */
export function show(value: JsonValue | undefined): string {
  const plain = (_key: string, inner: unknown) => (inner instanceof JsonNumber ? inner.value : inner);
  return JSON.stringify(value, plain) ?? 'nothing';
}
