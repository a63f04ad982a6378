import { isUtf8 } from 'node:buffer';
import { InvalidPatternError } from './condition.ts';
import { isJsonObject, type JsonValue, parseJson } from './json-value.ts';
import { type Matcher, readMatcher } from './matcher.ts';
import { readCondition } from './read-condition.ts';

export { InvalidPatternError } from './condition.ts';

/** One pattern, for values that are JSON or for values that are plain text. */
export interface Filter {
  readonly kind: 'json' | 'text';
  readonly matches: Matcher;
}

/** A record passes if it matches one of the filters. */
export interface FilterCriteria {
  readonly filters: readonly Filter[];
}

/** What a filter does with a value of another kind than its pattern. AWS's documentation can be read both ways. */
export type FilterMismatch = 'pass' | 'drop';

/** Reads the text of `FilterCriteria.Filters[].Pattern`; throws an InvalidPatternError. */
export function readFilter(text: string): Filter {
  let pattern: JsonValue;
  try {
    pattern = parseJson(text);
  } catch {
    throw new InvalidPatternError('the pattern is not JSON');
  }
  if (!isJsonObject(pattern)) throw new InvalidPatternError('the pattern is not a JSON object');
  const others = Object.keys(pattern).filter((name) => name !== 'value');
  if (others.length > 0) {
    throw new InvalidPatternError(`Kafka records can be filtered by value only, not by ${others.join(', ')}`);
  }
  const { value } = pattern;
  if (Array.isArray(value)) {
    if (value.length === 0) throw new InvalidPatternError('value: an empty list matches nothing');
    const conditions = value.map((item) => readCondition(item, 'value'));
    return { kind: 'text', matches: (text) => conditions.some((condition) => condition(text)) };
  }
  return { kind: 'json', matches: readMatcher(value, 'value') };
}

/** Whether a record with this value goes to the function. A record without a value has no fields. */
export function filterPasses(criteria: FilterCriteria, value: Buffer | null, mismatch: FilterMismatch): boolean {
  const decoded = decode(value);
  return criteria.filters.some((filter) => {
    if (decoded.kind === 'absent') return filter.matches(undefined);
    if (decoded.kind !== filter.kind) return mismatch === 'pass';
    return filter.matches(decoded.value);
  });
}

type Decoded = { readonly kind: 'absent' | 'binary' } | { readonly kind: 'json' | 'text'; readonly value: JsonValue };

function decode(value: Buffer | null): Decoded {
  if (value === null) return { kind: 'absent' };
  if (!isUtf8(value)) return { kind: 'binary' };
  const text = value.toString();
  try {
    const parsed = parseJson(text);
    if (isJsonObject(parsed) || Array.isArray(parsed)) return { kind: 'json', value: parsed };
  } catch {
    // Not JSON, so patterns for text apply.
  }
  return { kind: 'text', value: text };
}
