import { readFile } from 'node:fs/promises';
import {
  type CollectionTag,
  type Document,
  isNode,
  isPair,
  isSeq,
  parse,
  parseDocument,
  type ScalarTag,
  type Tags,
  visit,
} from 'yaml';
import { suggestionFor } from '../suggestion.ts';
import { type Place, type Template, TemplateError, within } from './template.ts';

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
  'Length',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
];

const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

const shortFormTags = new Set(intrinsicFunctions.map((name) => `!${name}`));

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
  // Without the short forms, so that the tags of all values remain.
  const source = parseDocument(text, { prettyErrors: false });
  const [cause] = source.errors;
  if (cause !== undefined) {
    throw new Error(
      `${path}: expected JSON or YAML, found neither: use a compiled template (AWS: Template format error)`,
      { cause },
    );
  }
  rejectUnknownTags(source);
  return parse(text, { customTags: shortForms, prettyErrors: false }) as Partial<Template> | null;
}

/** YAML would read the value of an unknown tag as if it had none. */
function rejectUnknownTags(source: Document): void {
  visit(source, (_key, node, ancestors) => {
    const tag = isNode(node) ? node.tag : undefined;
    if (tag === undefined || !tag.startsWith('!') || tag === '!' || shortFormTags.has(tag)) return;
    const [section = 'Template', ...path] = [...ancestors, node].flatMap(
      (ancestor, index, all): (string | number)[] => {
        if (isPair(ancestor)) return [String(ancestor.key)];
        return isSeq(ancestor) && ancestor !== node ? [ancestor.items.indexOf(all[index + 1])] : [];
      },
    );
    const [id = section, ...inResource] = section === 'Resources' ? path : [section, ...path];
    const keys = inResource[0] === 'Properties' ? inResource.slice(1) : inResource;
    const { resource, property } = keys.reduce<Place>(within, { resource: String(id), property: '' });
    throw new TemplateError(
      resource,
      property === '' ? 'value' : property,
      `${tag} is not a tag of CloudFormation; ${suggestionFor(tag, [...shortFormTags])}`,
      'Template format error: YAML not well-formed',
    );
  });
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
