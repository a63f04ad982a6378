import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Any part of a template: text, number, list, or an object such as a function of CloudFormation. */
export type Value = unknown;

export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, Value>>;
}

export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: Value }>>;
  readonly Conditions?: Readonly<Record<string, Value>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

/** Where a template is deployed to. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

/** The template of a packaged stack. */
export async function readTemplate(stackDirectory: string): Promise<Template> {
  const path = join(stackDirectory, '.serverless', 'cloudformation-template-update-stack.json');
  return JSON.parse(await readFile(path, 'utf8')) as Template;
}

/** The resources of a type, without those whose condition is known to be false. */
export function resourcesOf(template: Template, type: string, place: Place): readonly TemplateResource[] {
  return Object.values(template.Resources).filter(
    ({ Type, Condition: name }) =>
      Type === type && (name === undefined || isTrue(template.Conditions?.[name], template, place) !== false),
  );
}

/** @returns `undefined` when it is not known before the deployment. */
function isTrue(condition: Value, template: Template, place: Place): boolean | undefined {
  const {
    'Fn::Equals': compared,
    'Fn::Not': negated,
    Condition: name,
  } = (condition ?? {}) as {
    readonly 'Fn::Equals'?: readonly Value[];
    readonly 'Fn::Not'?: readonly Value[];
    readonly Condition?: string;
  };
  if (name !== undefined) return isTrue(template.Conditions?.[name], template, place);
  if (negated !== undefined) {
    const inner = isTrue(negated[0], template, place);
    return inner === undefined ? undefined : !inner;
  }
  if (compared === undefined) return undefined;
  const [left, right] = compared.map((value) => textOf(value, template, place));
  return left === undefined || right === undefined ? undefined : left === right;
}

/**
 * The text of a value as CloudFormation computes it from the place and the defaults of parameters; `undefined` when it
 * depends on anything else, such as another resource.
 */
export function textOf(value: Value, template: Template, place: Place): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const { Ref: name, 'Fn::Sub': text } = value as { readonly Ref?: string; readonly 'Fn::Sub'?: Value };
  if (name !== undefined) return referenced(name, template, place);
  return typeof text === 'string' ? substitute(text, template, place) : undefined;
}

/** @returns `NaN` when the value is no number that is known before the deployment. */
export function numberOf(value: Value, template: Template, place: Place): number {
  const text = textOf(value, template, place);
  return text === undefined || text.trim() === '' ? Number.NaN : Number(text);
}

function referenced(name: string, template: Template, { accountId, region }: Place): string | undefined {
  if (name === 'AWS::AccountId') return accountId;
  if (name === 'AWS::Region') return region;
  const fallback = template.Parameters?.[name]?.Default;
  return fallback === undefined ? undefined : String(fallback);
}

function substitute(text: string, template: Template, place: Place): string | undefined {
  let isKnown = true;
  const result = text.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
    const part = referenced(name, template, place);
    isKnown &&= part !== undefined;
    return part ?? '';
  });
  return isKnown ? result : undefined;
}
