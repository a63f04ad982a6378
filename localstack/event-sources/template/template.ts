/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  /** Name of a condition. CloudFormation does not create the resource when the condition does not hold. */
  readonly Condition?: unknown;
  readonly Properties?: Readonly<Record<string, unknown>>;
  /** Which of SAM's globals do not apply: a list of their names, or `*`. */
  readonly IgnoreGlobals?: unknown;
}

export interface ParameterDefinition {
  readonly Type?: unknown;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Parameters?: Readonly<Record<string, ParameterDefinition>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  /** Macros that CloudFormation applies to the template: one name, or a list. */
  readonly Transform?: unknown;
  /** Properties that SAM adds to all resources of a type. */
  readonly Globals?: unknown;
  /** Further names of resources in references, for instance SAM's `Fn.Alias`, with their logical ids. */
  readonly References?: Readonly<Record<string, string>>;
}

export function resourcesOfType(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** Where a value is in the template. */
export interface Place {
  /** Logical id, or the name of a section such as `Conditions`. */
  readonly resource: string;
  /** Path within the resource's properties, for instance `Targets[0].Arn`; empty for all of them. */
  readonly property: string;
}

/** The place of an element of the value at `place`. */
export function within({ resource, property }: Place, key: string | number): Place {
  const path = typeof key === 'number' ? `${property}[${key}]` : property === '' ? key : `${property}.${key}`;
  return { resource, property: path };
}

/** In place of AWS's error: only the emulator rejects the value. */
export const ACCEPTED_BY_AWS = 'accepts it';

/** An error in the template. The message is one line: resource, property, what to change, and AWS's own error. */
export class TemplateError extends Error {
  override name = 'TemplateError';
  readonly resource: string;
  readonly property: string;

  /** `aws` is the error of AWS's API, or says that AWS accepts what the emulator rejects. */
  constructor(resource: string, property: string, message: string, aws = 'InvalidParameterValueException') {
    super(`${resource}: ${property}: ${message} (AWS: ${aws})`);
    this.resource = resource;
    this.property = property;
  }
}

/** Undefined when the template has to be refused for what is read, such as a parameter without a value. */
export function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
