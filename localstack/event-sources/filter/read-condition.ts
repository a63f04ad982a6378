import { type Condition, InvalidPatternError } from './condition.ts';
import { isJsonObject, JsonNumber, type JsonValue, show } from './json-value.ts';
import { comparable, numeric } from './numeric.ts';

const isScalar = (value: JsonValue | undefined): value is string | boolean | null | JsonNumber =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber;

const equalsScalar = (expected: JsonValue, value: JsonValue | undefined): boolean =>
  expected instanceof JsonNumber ? value instanceof JsonNumber && value.text === expected.text : value === expected;

/** Reads one condition of a leaf: a plain value, or an object with one operator. */
export function readCondition(source: JsonValue, where: string): Condition {
  if (isScalar(source)) return (value) => equalsScalar(source, value);
  if (!isJsonObject(source)) throw new InvalidPatternError(`${where}: expected a value or an operator, found a list`);
  const [name, ...others] = Object.keys(source);
  if (name === undefined || others.length > 0) {
    throw new InvalidPatternError(`${where}: expected one operator, found ${Object.keys(source).length}`);
  }
  const argument = source[name] as JsonValue;
  switch (name) {
    case 'exists':
      if (typeof argument !== 'boolean') {
        throw new InvalidPatternError(`${where}: exists: expected true or false, found ${show(argument)}`);
      }
      return (value) => (value !== undefined) === argument;
    case 'prefix':
      return ofText(where, name, argument, (text, expected) => text.startsWith(expected));
    case 'suffix':
      return ofText(where, name, argument, (text, expected) => text.endsWith(expected));
    case 'equals-ignore-case':
      return ofText(where, name, argument, (text, expected) => text.toLowerCase() === expected.toLowerCase());
    case 'anything-but':
      return anythingBut(argument, where);
    case 'numeric':
      return numeric(argument, where);
    default:
      throw new InvalidPatternError(
        `${where}: unknown operator ${name}; Lambda knows anything-but, equals-ignore-case, exists, numeric, prefix, suffix`,
      );
  }
}

function ofText(
  where: string,
  name: string,
  argument: JsonValue,
  matches: (text: string, expected: string) => boolean,
): Condition {
  if (typeof argument !== 'string') {
    throw new InvalidPatternError(`${where}: ${name}: expected a string, found ${show(argument)}`);
  }
  return (value) => typeof value === 'string' && matches(value, argument);
}

/** Numbers are compared as by `numeric`, and not as text. */
function anythingBut(argument: JsonValue, where: string): Condition {
  const excluded = Array.isArray(argument) ? argument : [argument];
  const numbers = excluded.filter((value) => value instanceof JsonNumber).map(comparable);
  const texts = excluded.filter((value) => typeof value === 'string');
  const isUniform = excluded.length > 0 && (numbers.length === excluded.length || texts.length === excluded.length);
  if (!isUniform || numbers.includes(undefined)) {
    const expected = 'expected strings only, or numbers from -5.0e9 to 5.0e9 only';
    throw new InvalidPatternError(`${where}: anything-but: ${expected}, found ${show(argument)}`);
  }
  return (value) =>
    value !== undefined &&
    !(value instanceof JsonNumber ? numbers.includes(comparable(value)) : texts.some((text) => text === value));
}
