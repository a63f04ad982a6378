import { TemplateError } from './template.ts';

/** Evaluates the template's `Conditions`. `resolve` evaluates the intrinsic functions in the values that they compare. */
export class Conditions {
  readonly #definitions: Readonly<Record<string, unknown>>;
  readonly #resolve: (value: unknown) => unknown;

  constructor(definitions: Readonly<Record<string, unknown>>, resolve: (value: unknown) => unknown) {
    this.#definitions = definitions;
    this.#resolve = resolve;
  }

  /** @throws {TemplateError} when the template does not define the condition. */
  holds(name: string): boolean {
    if (!Object.hasOwn(this.#definitions, name)) {
      throw new TemplateError('Conditions', name, 'is used and not defined: define it', 'Template format error');
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
        const [left, right] = this.#resolve(argument) as unknown[];
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
        throw new TemplateError('Conditions', name, `${expected}, got ${operator}`, 'Template format error');
      }
    }
  }
}
