import { TemplateError } from './template.ts';

/** AWS's error for a value that its API's model does not allow. */
const CONSTRAINT = 'ValidationException, failed to satisfy constraint';

type Values = Readonly<Record<string, unknown>>;

/** Reads and validates the properties of one resource. Each method throws a TemplateError that says what is allowed. */
export class Properties {
  readonly resource: string;
  readonly #path: string;
  readonly #values: Values;

  constructor(resource: string, values: unknown, path = '') {
    this.resource = resource;
    this.#path = path;
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new TemplateError(resource, path || 'Properties', `expected an object, got ${JSON.stringify(values)}`);
    }
    this.#values = values as Values;
  }

  get names(): string[] {
    return Object.keys(this.#values).filter((name) => this.#values[name] !== undefined);
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** The value without validation. */
  raw(name: string): unknown {
    return this.#values[name];
  }

  /** Rejects all other properties, because a misspelt one would be ignored silently. */
  only(...names: readonly string[]): void {
    for (const name of this.names) {
      if (names.includes(name)) continue;
      this.fail(name, `is not a known property; expected ${names.join(', ')}`, 'extraneous key is not permitted');
    }
  }

  /** `aws` is AWS's own error, as in TemplateError. */
  fail(name: string, message: string, aws?: string): never {
    throw new TemplateError(this.resource, this.#path === '' ? name : `${this.#path}.${name}`, message, aws);
  }

  object(name: string): Properties | undefined {
    if (!this.has(name)) return undefined;
    return new Properties(this.resource, this.#values[name], this.#path === '' ? name : `${this.#path}.${name}`);
  }

  list(name: string): readonly unknown[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    return Array.isArray(value) ? value : this.fail(name, `expected a list, got ${JSON.stringify(value)}`);
  }

  text(name: string, limits: { pattern?: RegExp; maximumLength?: number } = {}): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    if (typeof value !== 'string') return this.fail(name, `expected a string, got ${JSON.stringify(value)}`);
    if (limits.maximumLength !== undefined && value.length > limits.maximumLength) {
      return this.fail(
        name,
        `must have length less than or equal to ${limits.maximumLength}, has ${value.length}`,
        CONSTRAINT,
      );
    }
    if (limits.pattern !== undefined && !limits.pattern.test(value)) {
      return this.fail(name, `must satisfy ${limits.pattern.source}, got ${JSON.stringify(value)}`, CONSTRAINT);
    }
    return value;
  }

  boolean(name: string): boolean | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values[name];
    // CloudFormation accepts the strings as well.
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    return this.fail(name, `expected true or false, got ${JSON.stringify(value)}`);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if ((allowed as readonly string[]).includes(value)) return value as T;
    return this.fail(name, `must be one of ${allowed.join(', ')}, got ${value}`, CONSTRAINT);
  }

  /** A number within the range, which need not be whole. */
  number(name: string, minimum: number, maximum: number): number | undefined {
    if (!this.has(name)) return undefined;
    const raw = this.#values[name];
    const value = typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return this.fail(name, `expected a number, ${minimum} to ${maximum}, got ${JSON.stringify(raw)}`);
    }
    if (value >= minimum && value <= maximum) return value;
    return this.fail(name, `must be ${minimum} to ${maximum}, got ${value}`, CONSTRAINT);
  }

  /** A whole number within the range, or one of the further values. */
  integer(name: string, minimum: number, maximum: number, further: readonly number[] = []): number | undefined {
    if (!this.has(name)) return undefined;
    const raw = this.#values[name];
    const value = typeof raw === 'string' && /^-?\d+$/.test(raw) ? Number(raw) : raw;
    const shown = `${further.length > 0 ? `${further.join(', ')} or ` : ''}${minimum} to ${maximum}`;
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      return this.fail(name, `expected a whole number, ${shown}, got ${JSON.stringify(raw)}`);
    }
    if (further.includes(value) || (value >= minimum && value <= maximum)) return value;
    return this.fail(name, `must be ${shown}, got ${value}`, CONSTRAINT);
  }
}
