/**
 * Builds PostgreSQL array literals for the hot path. The driver's own conversion tests the type of every value and
 * escapes every text, which takes as long as the insert itself.
 */

/** Builds an array literal of values that need no quotes. Dates as `YYYY-MM-DD` are such texts. */
export function plainArray(values: readonly (number | bigint | boolean | string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'null' : value)).join(',')}}`;
}

/** Builds an array literal of any texts. */
export function textArray(values: readonly (string | null)[]): string {
  let literal = '{';
  for (const value of values) {
    if (literal.length > 1) literal += ',';
    if (value === null) literal += 'null';
    else literal += NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`;
  }
  return `${literal}}`;
}

const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;
