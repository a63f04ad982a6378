/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  /** Name of a condition. CloudFormation does not create the resource when the condition does not hold. */
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
