import { TemplateError } from './template.ts';

/**
 * The template's `Conditions`, each evaluated when it is asked for. `resolve` puts values in the place of functions, for
 * what is compared.
 */
export class Conditions {
  readonly #definitions: Readonly<Record<string, unknown>>;
  readonly #resolve: (value: unknown) => unknown;

  constructor(definitions: Readonly<Record<string, unknown>>, resolve: (value: unknown) => unknown) {
    this.#definitions = definitions;
    this.#resolve = resolve;
  }

  /** Throws a TemplateError for a condition that the template does not define. */
  holds(name: string): boolean {
    if (!Object.hasOwn(this.#definitions, name)) {
      throw new TemplateError('Conditions', name, 'is used and not defined: define it', 'Template format error');
    }
    return this.#evaluate(name, this.#definitions[name]);
  }

  #evaluate(name: string, definition: unknown): boolean {
    const [[operator, argument] = ['', undefined]] = Object.entries((definition ?? {}) as Record<string, unknown>);
    const each = (Array.isArray(argument) ? argument : []).map((item) => () => this.#evaluate(name, item));
    switch (operator) {
      case 'Condition':
        return this.holds(String(argument));
      case 'Fn::Equals': {
        const [left, right] = this.#resolve(argument) as unknown[];
        return String(left) === String(right);
      }
      case 'Fn::And':
        return each.every((holds) => holds());
      case 'Fn::Or':
        return each.some((holds) => holds());
      case 'Fn::Not':
        return !each[0]?.();
      default: {
        const expected = 'expected Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition';
        throw new TemplateError('Conditions', name, `${expected}, got ${operator}`, 'Template format error');
      }
    }
  }
}
