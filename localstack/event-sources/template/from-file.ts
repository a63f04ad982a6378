import { readFile } from 'node:fs/promises';
import { type CollectionTag, parse, type ScalarTag, type Tags } from 'yaml';
import type { Template } from './template.ts';

const intrinsicFunctions = [
  'And',
  'Base64',
  'Cidr',
  'Condition',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
  'Transform',
];

const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

/** YAML tags for the short forms of CloudFormation's functions, such as `!GetAtt A.Arn`, on scalars, lists and maps. */
const shortForms: Tags = intrinsicFunctions.flatMap((name): (ScalarTag | CollectionTag)[] => [
  {
    tag: `!${name}`,
    resolve: (value: string) => ({ [longName(name)]: name === 'GetAtt' ? value.split(/\.(.*)/s).slice(0, 2) : value }),
  },
  {
    tag: `!${name}`,
    collection: 'seq',
    resolve: (sequence: unknown) => ({ [longName(name)]: (sequence as { toJSON(): unknown }).toJSON() }),
  } as unknown as CollectionTag,
  {
    tag: `!${name}`,
    collection: 'map',
    resolve: (map: unknown) => ({ [longName(name)]: (map as { toJSON(): unknown }).toJSON() }),
  } as unknown as CollectionTag,
]);

function parseTemplate(path: string, text: string): Partial<Template> | null {
  try {
    return parse(text, { customTags: shortForms, prettyErrors: false }) as Partial<Template> | null;
  } catch (cause) {
    throw new Error(
      `${path}: expected JSON or YAML, found neither: use a compiled template (AWS: Template format error)`,
      { cause },
    );
  }
}

/** Reads a CloudFormation template, in JSON or YAML. */
export async function readTemplateFile(path: string): Promise<Template> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path}: the template cannot be read: pass the path of a compiled template`, { cause });
  }
  const template = parseTemplate(path, text);
  if (typeof template?.Resources !== 'object' || template.Resources === null) {
    throw new Error(`${path}: expected a CloudFormation template with Resources (AWS: Template format error)`);
  }
  return template as Template;
}
