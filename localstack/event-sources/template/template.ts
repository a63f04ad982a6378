/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Condition?: unknown;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
}

export function resourcesOfType(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** A fault of the template: names the resource and the property, what AWS would say and what to change. */
export class TemplateError extends Error {
  override name = 'TemplateError';
  readonly resource: string;
  readonly property: string;

  constructor(resource: string, property: string, message: string) {
    super(`${resource}: ${property}: ${message}`);
    this.resource = resource;
    this.property = property;
  }
}
