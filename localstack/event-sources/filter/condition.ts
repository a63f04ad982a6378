import { isJsonObject, JsonNumber, type JsonValue } from './json-value.ts';

/** Whether a leaf matches; undefined is an absent leaf. */
export type Condition = (value: JsonValue | undefined) => boolean;

/** A pattern that AWS would reject. */
export class InvalidPatternError extends Error {
  override name = 'InvalidPatternError';
}

const isScalar = (value: JsonValue | undefined): value is string | boolean | null | JsonNumber =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber;

const equalsScalar = (expected: JsonValue, value: JsonValue | undefined): boolean =>
  expected instanceof JsonNumber ? value instanceof JsonNumber && value.text === expected.text : value === expected;

/** Reads one condition of a leaf: a plain value, or an object with one operator. */
export function readCondition(source: JsonValue, where: string): Condition {
  if (isScalar(source)) return (value) => equalsScalar(source, value);
  if (!isJsonObject(source)) throw new InvalidPatternError(`${where}: expected a value or an operator, got a list`);
  const [name, ...others] = Object.keys(source);
  if (name === undefined || others.length > 0) {
    throw new InvalidPatternError(`${where}: expected one operator, got ${Object.keys(source).length}`);
  }
  const argument = source[name] as JsonValue;
  switch (name) {
    case 'exists':
      if (typeof argument !== 'boolean') throw new InvalidPatternError(`${where}: exists takes true or false`);
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
  if (typeof argument !== 'string') throw new InvalidPatternError(`${where}: ${name} takes a string`);
  return (value) => typeof value === 'string' && matches(value, argument);
}

function anythingBut(argument: JsonValue, where: string): Condition {
  const excluded = Array.isArray(argument) ? argument : [argument];
  if (excluded.length === 0 || !excluded.every(isScalar)) {
    throw new InvalidPatternError(`${where}: anything-but takes a value or a list of values`);
  }
  return (value) => value !== undefined && !excluded.some((expected) => equalsScalar(expected, value));
}

const comparisons: Record<string, (value: number, bound: number) => boolean> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(argument: JsonValue, where: string): Condition {
  const invalid = () =>
    new InvalidPatternError(`${where}: numeric takes one or two comparisons, for instance [">", 0, "<=", 5]`);
  if (!Array.isArray(argument) || (argument.length !== 2 && argument.length !== 4)) throw invalid();
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < argument.length; index += 2) {
    const [operator, bound] = [argument[index], argument[index + 1]];
    const compare = typeof operator === 'string' ? comparisons[operator] : undefined;
    if (compare === undefined || !(bound instanceof JsonNumber)) throw invalid();
    tests.push((value) => compare(value, bound.value));
  }
  return (value) => value instanceof JsonNumber && tests.every((test) => test(value.value));
}
