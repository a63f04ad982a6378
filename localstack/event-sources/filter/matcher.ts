import { type Condition, InvalidPatternError, readCondition } from './condition.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';

export type Matcher = (value: JsonValue | undefined) => boolean;

/** Reads one field of a pattern: a list of conditions for a leaf, or an object of further fields. */
export function readMatcher(source: JsonValue | undefined, where: string): Matcher {
  if (Array.isArray(source)) return leaf(source, where);
  if (isJsonObject(source)) return branch(source, where);
  throw new InvalidPatternError(`${where}: expected a list of values, for instance ["a"], or an object`);
}

/** One of the conditions must match. For a list in the data, one matching element is enough. */
function leaf(source: readonly JsonValue[], where: string): Matcher {
  if (source.length === 0) throw new InvalidPatternError(`${where}: an empty list matches nothing`);
  const conditions: Condition[] = source.map((item) => readCondition(item, where));
  const matches = (value: JsonValue | undefined) => conditions.some((condition) => condition(value));
  return (value) => {
    if (Array.isArray(value)) return value.some(matches);
    // `exists` applies to leaves only, and an object is not a leaf.
    return matches(isJsonObject(value) ? undefined : value);
  };
}

/** All fields must match, and one of the patterns in `$or`. */
function branch(source: { [name: string]: JsonValue }, where: string): Matcher {
  const names = Object.keys(source);
  if (names.length === 0) throw new InvalidPatternError(`${where}: an empty object matches nothing`);
  const matchers = names.map((name): Matcher => {
    const inner = source[name];
    if (name === '$or') return alternatives(inner, `${where}.$or`);
    const matcher = readMatcher(inner, `${where}.${name}`);
    return (value) => matcher(isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  });
  const all = (value: JsonValue | undefined) => matchers.every((matcher) => matcher(value));
  return (value) => (Array.isArray(value) ? value.some(all) : all(value));
}

function alternatives(source: JsonValue | undefined, where: string): Matcher {
  if (!Array.isArray(source) || source.length < 2) {
    throw new InvalidPatternError(`${where}: expected a list of at least two patterns`);
  }
  const matchers = source.map((item, index) => {
    if (!isJsonObject(item)) throw new InvalidPatternError(`${where}[${index}]: expected an object`);
    return branch(item, `${where}[${index}]`);
  });
  return (value) => matchers.some((matcher) => matcher(value));
}
