import { InputError } from './errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the value of a Kafka record that must be a JSON object in UTF-8.
 *
 * @param expectation what the record should be, for the message, e.g. `a salary record`.
 * @throws InputError with `code` for a missing value, other bytes than UTF-8, text that is not JSON, or another JSON value.
 */
export function parseJsonObject(
  value: Buffer | null,
  code: `PIPE_${string}`,
  expectation: string,
): Readonly<Record<string, unknown>> {
  const fail = (found: string) => new InputError(code, `expected ${expectation} as a JSON object, got ${found}`);
  if (value === null) throw fail('a record without a value');
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    throw fail('bytes that are not UTF-8');
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's error quotes the text, which may hold a salary, so it is not passed on as the cause.
    throw fail('text that is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw fail('another JSON value');
  return parsed as Record<string, unknown>;
}
