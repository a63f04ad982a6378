import { type Condition, InvalidPatternError } from './condition.ts';
import { type ElementIndexes, Fields, withElementsOf, withParents } from './fields.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';
import { readCondition } from './read-condition.ts';

export type Matcher = (value: JsonValue | undefined) => boolean;

/** A field of a pattern: one of the conditions must match one of its leaves. */
interface PatternField {
  readonly path: string;
  readonly matches: Condition;
}

/** Fields that must all match, in the order of their paths. A pattern is a list of rules, because of its `$or`. */
type Rule = readonly PatternField[];

const NO_ELEMENTS: ElementIndexes = new Map();

/** Reads the pattern of an object, as event-ruler does: https://github.com/aws/event-ruler. */
export function readMatcher(source: JsonValue | undefined, where: string): Matcher {
  if (!isJsonObject(source)) throw new InvalidPatternError(`${where}: expected an object or a list of values`);
  const rules = readBranch(source, '', where).map((rule) => rule.toSorted(byPath));
  const wanted = withParents(rules.flat().map(({ path }) => path));
  return (value) => {
    const fields = new Fields(value, wanted);
    return rules.some((rule) => ruleMatches(rule, fields));
  };
}

/** As event-ruler sorts them, because absence is judged in the elements that the fields before have matched in. */
function byPath(one: PatternField, other: PatternField): number {
  return one.path < other.path ? -1 : Number(one.path > other.path);
}

function readBranch(source: { [name: string]: JsonValue }, path: string, where: string): Rule[] {
  const entries = Object.entries(source);
  if (entries.length === 0) throw new InvalidPatternError(`${where}: an empty object matches nothing`);
  return entries
    .map(([name, inner]) =>
      name === '$or'
        ? readAlternatives(inner, path, `${where}.$or`)
        : readField(inner, path === '' ? name : `${path}.${name}`, `${where}.${name}`),
    )
    .reduce<Rule[]>(
      (rules, alternatives) => rules.flatMap((rule) => alternatives.map((more) => [...rule, ...more])),
      [[]],
    );
}

/** A list of conditions for a leaf, or an object of further fields. */
function readField(source: JsonValue, path: string, where: string): Rule[] {
  if (isJsonObject(source)) return readBranch(source, path, where);
  if (!Array.isArray(source)) {
    throw new InvalidPatternError(`${where}: expected a list of values, for instance ["a"], or an object`);
  }
  if (source.length === 0) throw new InvalidPatternError(`${where}: an empty list matches nothing`);
  const conditions = source.map((item) => readCondition(item, where));
  return [[{ path, matches: (value) => conditions.some((condition) => condition(value)) }]];
}

function readAlternatives(source: JsonValue, path: string, where: string): Rule[] {
  if (!Array.isArray(source) || source.length < 2) {
    throw new InvalidPatternError(`${where}: expected a list of at least two patterns`);
  }
  return source.flatMap((item, index) => {
    if (!isJsonObject(item)) throw new InvalidPatternError(`${where}[${index}]: expected an object`);
    return readBranch(item, path, `${where}[${index}]`);
  });
}

function ruleMatches(rule: Rule, fields: Fields): boolean {
  const canMatch = rule.every(
    ({ path, matches }) => matches(undefined) || fields.at(path).some(({ value }) => matches(value)),
  );
  return canMatch && matchesFrom(rule, 0, fields, NO_ELEMENTS);
}

/** Fields of one list must match in the same element of it, and a field is absent when that element does not have it. */
function matchesFrom(rule: Rule, index: number, fields: Fields, elements: ElementIndexes): boolean {
  const field = rule[index];
  if (field === undefined) return true;
  let isAbsent = true;
  for (const leaf of fields.at(field.path)) {
    const common = withElementsOf(leaf, elements);
    if (common === undefined) continue;
    isAbsent = false;
    if (field.matches(leaf.value) && matchesFrom(rule, index + 1, fields, common)) return true;
  }
  return isAbsent && field.matches(undefined) && matchesFrom(rule, index + 1, fields, elements);
}
