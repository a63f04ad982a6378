/** The types that JSON cannot express, each as an object with one field. */
const DATE = '$date';
const BIGINT = '$bigint';
const BYTES = '$bytes';

/** Makes a value fit for JSON, so that `decodeTyped` returns it with its times, 64-bit numbers and bytes. */
export function encodeTyped(value: unknown): unknown {
  if (typeof value === 'bigint') return { [BIGINT]: String(value) };
  if (value instanceof Date) return { [DATE]: value.toISOString() };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(encodeTyped);
  return isObject(value) ? mapValues(value, encodeTyped) : value;
}

/** The reverse of `encodeTyped`. Bytes become a `Buffer`. */
export function decodeTyped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeTyped);
  if (!isObject(value)) return value;
  const [[name, content] = [], ...others] = Object.entries(value);
  if (typeof content === 'string' && others.length === 0) {
    if (name === BIGINT) return BigInt(content);
    if (name === DATE) return new Date(content);
    if (name === BYTES) return Buffer.from(content, 'base64');
  }
  return mapValues(value, decodeTyped);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function mapValues(object: Readonly<Record<string, unknown>>, map: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
