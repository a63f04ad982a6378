import { suggestionFor } from '../suggestion.ts';
import { TemplateError } from './template.ts';

/** The option `functionNames`: names by logical id, by import or by `Resource.Attribute`. Null: it is not a function. */
export type FunctionNameValues = Readonly<Record<string, string | null>>;

/** The function names that the user gives for what only AWS knows. */
export class FunctionNames {
  readonly #values: FunctionNameValues;
  readonly #used = new Set<string>();

  constructor(values: FunctionNameValues) {
    this.#values = values;
  }

  /** Undefined when no name is given for the key. */
  get(key: string): string | null | undefined {
    if (!Object.hasOwn(this.#values, key)) return undefined;
    this.#used.add(key);
    return this.#values[key];
  }

  /** Throws a TemplateError for a key that nothing has asked for and that is not in the template, such as a misspelt one. */
  rejectUnused(known: readonly string[]): void {
    for (const key of Object.keys(this.#values)) {
      if (this.#used.has(key) || known.includes(key)) continue;
      throw new TemplateError(
        'functionNames',
        key,
        `is no logical id of the template, and no import or attribute that it uses for a function; ${suggestionFor(key, known)}`,
        'has no such option',
      );
    }
  }
}
