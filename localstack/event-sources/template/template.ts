/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  /** Name of a condition; where it does not hold, CloudFormation does not make the resource. */
  readonly Condition?: unknown;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
}

export function resourcesOfType(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** A fault of the template, in one line: the resource and the property, what to change, and what AWS says to it. */
export class TemplateError extends Error {
  override name = 'TemplateError';
  readonly resource: string;
  readonly property: string;

  /** `aws`: the error of AWS's API, or that AWS takes it where only the emulator does not. */
  constructor(resource: string, property: string, message: string, aws = 'InvalidParameterValueException') {
    super(`${resource}: ${property}: ${message} (AWS: ${aws})`);
    this.resource = resource;
    this.property = property;
  }
}
