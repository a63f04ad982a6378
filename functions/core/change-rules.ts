import { yearOfDatabaseDate } from './database-date.ts';
import type { Employee, EmployeeChange } from './employee-change.ts';
import { ConfigError } from './errors.ts';

/** A condition for employees in the replica. A change that violates it is dead-lettered with the rule's name as its code. */
export interface ChangeRule {
  readonly name: string;
  /** The condition in words, for the reason of the dead letter. */
  readonly expectation: string;
  readonly allows: (employee: Employee) => boolean;
}

interface RuleKind {
  readonly example: string;
  /** Returns `undefined` for an invalid parameter. `parameter` is `undefined` when the configuration has a bare name. */
  readonly make: (parameter: number | undefined) => Omit<ChangeRule, 'name'> | undefined;
}

/** To add a rule, add an entry here. */
const RULE_KINDS: Readonly<Record<string, RuleKind>> = {
  noNegativeEmpId: {
    example: 'noNegativeEmpId',
    make: (parameter) =>
      parameter === undefined
        ? { expectation: 'an emp_id of 0 or more', allows: ({ empId }) => empId >= 0 }
        : undefined,
  },
  salaryAbove: {
    example: 'salaryAbove=10000',
    make: (limit) =>
      limit === undefined
        ? undefined
        : { expectation: `a salary above ${limit}`, allows: ({ salary }) => salary !== null && salary > limit },
  },
  bornAfter: {
    example: 'bornAfter=2007',
    make: (year) =>
      year === undefined
        ? undefined
        : {
            expectation: `a date of birth after the year ${year}`,
            allows: ({ dob }) => dob !== null && (yearOfDatabaseDate(dob) ?? Number.NaN) > year,
          },
  },
};

const EXAMPLES = Object.values(RULE_KINDS)
  .map(({ example }) => example)
  .join(',');

/**
 * Parses the rules from their setting, e.g. `noNegativeEmpId,salaryAbove=10000,bornAfter=2007`. An empty text means no
 * rules.
 *
 * @throws ConfigError that names the invalid part and the possible rules.
 */
export function parseChangeRules(configuration: string): ChangeRule[] {
  const parts = configuration
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const rules = parts.map(parseRule);
  const repeated = rules.find(({ name }, index) => rules.findIndex((other) => other.name === name) < index);
  if (repeated) throw new ConfigError(`CDC_RULES: rule ${repeated.name} is given twice; give each rule once`);
  return rules;
}

/** The first rule that a change violates. A deletion violates none. */
export function violatedRule(rules: readonly ChangeRule[], change: EmployeeChange): ChangeRule | undefined {
  return change.action === 'DELETE' ? undefined : rules.find((rule) => !rule.allows(change.employee));
}

function parseRule(part: string): ChangeRule {
  const match = /^([A-Za-z]+)(?:\s*=\s*(-?\d{1,10}))?$/.exec(part);
  const name = match?.[1] ?? '';
  const kind = Object.hasOwn(RULE_KINDS, name) ? RULE_KINDS[name] : undefined;
  const rule = kind?.make(match?.[2] === undefined ? undefined : Number(match[2]));
  if (rule === undefined) {
    throw new ConfigError(
      `CDC_RULES: "${part}" is not a rule; expected ${kind ? `for example ${kind.example}` : `some of ${EXAMPLES}`}`,
    );
  }
  return { name, ...rule };
}
