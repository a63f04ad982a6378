import { type Place, TemplateError } from './template.ts';

const FORMAT_ERROR = 'Template format error';

/** Evaluates the template's `Conditions`. `resolve` evaluates the intrinsic functions in the values that they compare. */
export class Conditions {
  readonly #definitions: Readonly<Record<string, unknown>>;
  readonly #resolve: (value: unknown, place: Place) => unknown;

  /** @throws {TemplateError} when a condition refers to itself, directly or through others. */
  constructor(definitions: Readonly<Record<string, unknown>>, resolve: (value: unknown, place: Place) => unknown) {
    this.#definitions = definitions;
    this.#resolve = resolve;
    const checked = new Set<string>();
    for (const name of Object.keys(definitions)) this.#rejectCycle(name, [], checked);
  }

  /** @throws {TemplateError} when the template does not define the condition. */
  holds(name: string): boolean {
    if (!Object.hasOwn(this.#definitions, name)) {
      throw new TemplateError('Conditions', name, 'is used and not defined: define it', FORMAT_ERROR);
    }
    return this.#evaluate(name, this.#definitions[name]);
  }

  #evaluate(name: string, definition: unknown): boolean {
    const [[operator, argument] = ['', undefined]] = Object.entries((definition ?? {}) as Record<string, unknown>);
    const operands = (Array.isArray(argument) ? argument : []).map((item) => () => this.#evaluate(name, item));
    switch (operator) {
      case 'Condition':
        return this.holds(String(argument));
      case 'Fn::Equals': {
        const [left, right] = this.#resolve(argument, { resource: 'Conditions', property: name }) as unknown[];
        return String(left) === String(right);
      }
      case 'Fn::And':
        return operands.every((holds) => holds());
      case 'Fn::Or':
        return operands.some((holds) => holds());
      case 'Fn::Not':
        return !operands[0]?.();
      default: {
        const expected = 'expected Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition';
        throw new TemplateError('Conditions', name, `${expected}, got ${operator}`, FORMAT_ERROR);
      }
    }
  }

  #rejectCycle(name: string, path: readonly string[], checked: Set<string>): void {
    if (checked.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      throw new TemplateError(
        'Conditions',
        name,
        `is circular: ${[...path.slice(start), name].join(' -> ')}: remove one of these references`,
        'Template error: Found circular condition dependency',
      );
    }
    for (const used of conditionsIn(this.#definitions[name])) this.#rejectCycle(used, [...path, name], checked);
    checked.add(name);
  }
}

/** The names of the conditions that a definition refers to. */
function conditionsIn(definition: unknown): string[] {
  if (typeof definition !== 'object' || definition === null) return [];
  return Object.entries(definition).flatMap(([key, value]) =>
    key === 'Condition' && typeof value === 'string' ? [value] : conditionsIn(value),
  );
}
