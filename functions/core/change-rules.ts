import { yearOfDatabaseDate } from './database-date.ts';
import type { Employee, EmployeeChange } from './employee-change.ts';
import { ConfigError } from './errors.ts';

/** Which employees may enter the replica. What breaks a rule is dead-lettered under the rule's name. */
export interface ChangeRule {
  readonly name: string;
  /** What the rule expects, for whoever reads the dead letter. */
  readonly expectation: string;
  readonly allows: (employee: Employee) => boolean;
}

interface RuleKind {
  readonly example: string;
  /** `undefined` when the parameter is not usable; `parameter` is `undefined` for a bare name. */
  readonly make: (parameter: number | undefined) => Omit<ChangeRule, 'name'> | undefined;
}

/** Adding a rule: one entry here. */
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
 * Reads the rules out of their configuration value, e.g. `noNegativeEmpId,salaryAbove=10000,bornAfter=2007`. The empty
 * text is no rule at all.
 *
 * @throws ConfigError naming the part that is no rule, and the rules that there are.
 */
export function parseChangeRules(configuration: string): ChangeRule[] {
  const parts = configuration
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const rules = parts.map(parseRule);
  const twice = rules.find(({ name }, index) => rules.findIndex((other) => other.name === name) < index);
  if (twice) throw new ConfigError(`CDC_RULES: rule ${twice.name} is given twice; give each rule once`);
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
      `CDC_RULES: "${part}" is no rule; expected ${kind ? `something like ${kind.example}` : `some of ${EXAMPLES}`}`,
    );
  }
  return { name, ...rule };
}
