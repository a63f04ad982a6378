import { suggestionFor } from '../../suggestion.ts';
import type { Resource } from '../template.ts';
import { samError } from './sam-error.ts';

/** The resources that SAM makes of an event. */
export interface TranslatedEvent {
  readonly resources?: Readonly<Record<string, Resource>>;
  /** `LambdaConfigurations` that SAM adds to a bucket, which is given by its logical id. */
  readonly notifications?: { readonly bucket: string; readonly configurations: readonly unknown[] };
}

export interface SamEventOptions {
  readonly functionId: string;
  readonly eventId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** `Ref` of the function, or of the alias that SAM publishes. */
  readonly target: unknown;
  /** The ARN of the same. */
  readonly targetArn: unknown;
  /** The function's condition. */
  readonly condition: unknown;
}

/** An event of an `AWS::Serverless::Function`. */
export class SamEvent {
  readonly #options: SamEventOptions;

  constructor(options: SamEventOptions) {
    this.#options = options;
  }

  get functionId(): string {
    return this.#options.functionId;
  }

  get properties(): Readonly<Record<string, unknown>> {
    return this.#options.properties;
  }

  get target(): unknown {
    return this.#options.target;
  }

  get targetArn(): unknown {
    return this.#options.targetArn;
  }

  get condition(): unknown {
    return this.#options.condition;
  }

  /** Of the resource that SAM makes of the event. */
  get logicalId(): string {
    return `${this.#options.functionId}${this.#options.eventId}`;
  }

  path(name: string): string {
    return `Events.${this.#options.eventId}.Properties.${name}`;
  }

  /** Rejects all other properties. */
  allow(names: readonly string[]): void {
    for (const name of Object.keys(this.properties)) {
      if (names.includes(name)) continue;
      const { type } = this.#options;
      this.reject(
        name,
        `${type} events do not have this property; ${suggestionFor(name, names)}`,
        `property ${name} not defined for resource of type ${type}`,
      );
    }
  }

  require(...names: readonly string[]): void {
    for (const name of names) {
      if (this.properties[name] === undefined) this.reject(name, 'is required', `Missing required property '${name}'.`);
    }
  }

  /** `aws` is the error of SAM's transform about the event, which it names by its id within the function. */
  fail(name: string, message: string, aws: string): never {
    const { functionId, eventId } = this.#options;
    const whole = `Resource with id [${functionId}] is invalid. Event with id [${eventId}] is invalid. ${aws}`;
    throw samError(functionId, this.path(name), message, whole);
  }

  /** As `fail`, for the errors in which SAM names the event by its logical id. */
  failByLogicalId(name: string, message: string, aws: string): never {
    const { functionId } = this.#options;
    const whole = `Resource with id [${functionId}] is invalid. Event with id [${this.logicalId}] is invalid. ${aws}`;
    throw samError(functionId, this.path(name), message, whole);
  }

  /** As `fail`, for the errors of the names and types of properties. */
  reject(name: string, message: string, aws: string): never {
    const whole = `Resource with id [${this.logicalId}] is invalid. ${aws}`;
    throw samError(this.#options.functionId, this.path(name), message, whole);
  }

  /** A resource that is created together with the function. */
  resource(type: string, properties: Readonly<Record<string, unknown>>): Resource {
    const { condition } = this.#options;
    return { Type: type, ...(condition !== undefined && { Condition: condition }), Properties: properties };
  }
}
