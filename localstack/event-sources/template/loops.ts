import { type Place, type Template, TemplateError, within } from './template.ts';

const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions';
const PREFIX = 'Fn::ForEach::';

/** Evaluates the collection of a loop, which may be a parameter. */
type Resolve = (value: unknown, place: Place) => unknown;

/**
 * The template with the copies that each `Fn::ForEach` makes of its content.
 *
 * @throws {TemplateError} when the template does not have the transform, or a loop is not as CloudFormation expects it.
 */
export function expandLoops(template: Template, resolve: Resolve): Template {
  const hasTransform = [template.Transform].flat().includes(LANGUAGE_EXTENSIONS);
  const loops = new LoopExpansion(resolve, hasTransform);
  const { Resources, Conditions } = template;
  const resources = loops.expand(Resources, { resource: 'Resources', property: '' }) as Template['Resources'];
  if (Conditions === undefined) return { ...template, Resources: resources };
  const conditions = loops.expand(Conditions, { resource: 'Conditions', property: '' }) as Record<string, unknown>;
  return { ...template, Resources: resources, Conditions: conditions };
}

class LoopExpansion {
  readonly #resolve: Resolve;
  readonly #hasTransform: boolean;

  constructor(resolve: Resolve, hasTransform: boolean) {
    this.#resolve = resolve;
    this.#hasTransform = hasTransform;
  }

  expand(value: unknown, place: Place): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.expand(item, within(place, index)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).flatMap(([key, item]): (readonly [string, unknown])[] =>
      key.startsWith(PREFIX) ? this.#copies(item, within(place, key)) : [[key, this.expand(item, within(place, key))]],
    );
    return Object.fromEntries(entries);
  }

  #copies(loop: unknown, place: Place): (readonly [string, unknown])[] {
    if (!this.#hasTransform) {
      const change = `needs the line Transform: ${LANGUAGE_EXTENSIONS}: add it`;
      throw new TemplateError(place.resource, place.property, change, 'Template format error');
    }
    const [identifier, collection, content] = Array.isArray(loop) ? (loop as unknown[]) : [];
    const items = this.#resolve(collection, place);
    if (typeof identifier !== 'string' || !Array.isArray(items) || typeof content !== 'object' || content === null) {
      throw new TemplateError(
        place.resource,
        place.property,
        `expected an identifier, a list of values and an object, got ${JSON.stringify(loop)}`,
        'Fn::ForEach layout is incorrect',
      );
    }
    return items.flatMap((item) =>
      Object.entries(this.expand(substitute(content, identifier, String(item)), place) as object),
    );
  }
}

/** Replaces `${Identifier}`, `&{Identifier}` (the value without its punctuation) and `Ref`, in keys as well. */
function substitute(value: unknown, identifier: string, item: string): unknown {
  if (typeof value === 'string') {
    return value
      .replaceAll(`\${${identifier}}`, item)
      .replaceAll(`&{${identifier}}`, item.replace(/[^a-zA-Z0-9]/g, ''));
  }
  if (Array.isArray(value)) return value.map((element) => substitute(element, identifier, item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === 'Ref' && entries[0][1] === identifier) return item;
  return Object.fromEntries(
    entries.map(([key, element]) => [substitute(key, identifier, item), substitute(element, identifier, item)]),
  );
}
