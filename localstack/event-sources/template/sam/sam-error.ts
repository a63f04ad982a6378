import { TemplateError } from '../template.ts';

/** An error in what SAM adds to CloudFormation. `aws` is the error of SAM's transform. */
export function samError(resource: string, property: string, message: string, aws: string): TemplateError {
  return new TemplateError(resource, property, `SAM: ${message}`, aws);
}

type Values = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one when it is absent. */
export function objectOf(resource: string, property: string, value: unknown): Values {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Values;
  throw samError(
    resource,
    property,
    `expected an object, got ${JSON.stringify(value)}`,
    `Resource with id [${resource}] is invalid. Type of property '${property}' is invalid.`,
  );
}

/** The object without the properties that are undefined. */
export function defined(values: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
