import { type Condition, InvalidPatternError } from './condition.ts';
import { JsonNumber, type JsonValue, show } from './json-value.ts';

/** Numbers can be compared from minus this to plus this. */
const LIMIT = 5e9;

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/**
 * `numeric` takes one comparison, or a lower bound followed by an upper one:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html, and event-ruler's JsonRuleCompiler.
 */
export function numeric(argument: JsonValue, where: string): Condition {
  if (!Array.isArray(argument)) throw invalidNumeric(where, 'a list like [">", 0, "<=", 5]', show(argument));
  const [operator, bound, upperOperator, upperBound] = argument;
  const test = readComparison(where, Object.keys(comparisons), operator, bound);
  if (argument.length === 2) return (value) => value instanceof JsonNumber && test.matches(value);
  if (operator !== '>' && operator !== '>=') {
    throw invalidNumeric(where, `one comparison with ${operator}; a range starts with ">" or ">="`, show(argument));
  }
  const upperTest = readComparison(where, ['<', '<='], upperOperator, upperBound);
  if (argument.length > 4) throw invalidNumeric(where, 'at most two comparisons', show(argument));
  if (test.bound >= upperTest.bound)
    throw invalidNumeric(where, 'the lower bound to be less than the upper one', show(argument));
  return (value) => value instanceof JsonNumber && test.matches(value) && upperTest.matches(value);
}

function readComparison(
  where: string,
  allowed: readonly string[],
  operator: JsonValue | undefined,
  boundSource: JsonValue | undefined,
) {
  const compare = typeof operator === 'string' && allowed.includes(operator) ? comparisons[operator] : undefined;
  if (compare === undefined) throw invalidNumeric(where, `one of ${allowed.join(' ')}`, show(operator));
  if (!(boundSource instanceof JsonNumber))
    throw invalidNumeric(where, `a number after ${operator}`, show(boundSource));
  const bound = comparable(boundSource);
  if (bound === undefined) throw invalidNumeric(where, 'a number from -5.0e9 to 5.0e9', show(boundSource));
  const matches = (value: JsonNumber) => {
    const number = comparable(value);
    return number !== undefined && compare(number, bound);
  };
  return { bound, matches };
}

/** Numbers are compared to the sixth decimal place. Undefined: beyond the limits, so that it cannot be compared. */
export function comparable({ value }: JsonNumber): number | undefined {
  return Math.abs(value) <= LIMIT ? Math.trunc(1e6 * (LIMIT + value)) : undefined;
}

function invalidNumeric(where: string, expected: string, found: string): InvalidPatternError {
  return new InvalidPatternError(`${where}: numeric: expected ${expected}, found ${found}`);
}
