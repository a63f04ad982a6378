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
  const keepNumberText = (_key: string, value: unknown, context: { source: string }) =>
    typeof value === 'number' ? new JsonNumber(context.source) : value;
  return JSON.parse(text, keepNumberText as (key: string, value: unknown) => unknown) as JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** The JSON text of a value of a pattern, for messages. */
export function show(value: JsonValue | undefined): string {
  const plain = (_key: string, inner: unknown) => (inner instanceof JsonNumber ? inner.value : inner);
  return JSON.stringify(value, plain) ?? 'nothing';
}
