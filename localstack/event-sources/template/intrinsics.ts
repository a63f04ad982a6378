import { Conditions } from './conditions.ts';
import type { FunctionNames } from './function-names.ts';
import type { Parameters } from './parameters.ts';
import type { PseudoParameters } from './pseudo-parameters.ts';
import { noValue, References } from './references.ts';
import { type Place, type Resource, type Template, TemplateError, within } from './template.ts';

const TEMPLATE_ERROR = 'Template error';

/** How many values the list has that is the argument of a function. */
const ARGUMENT_COUNTS: Readonly<Record<string, readonly number[]>> = {
  'Fn::Join': [2],
  'Fn::Select': [2],
  'Fn::Split': [2],
  'Fn::If': [3],
  'Fn::FindInMap': [3, 4],
};

/** Evaluates CloudFormation's intrinsic functions. */
export class Intrinsics {
  readonly #template: Template;
  readonly #conditions: Conditions;
  readonly references: References;
  readonly pseudoParameters: PseudoParameters;

  constructor(
    template: Template,
    pseudoParameters: PseudoParameters,
    inputs: { readonly parameters: Parameters; readonly functionNames: FunctionNames },
  ) {
    this.#template = template;
    this.pseudoParameters = pseudoParameters;
    const resolve = (value: unknown, place: Place) => this.resolve(value, place);
    this.#conditions = new Conditions(template.Conditions ?? {}, resolve);
    this.references = new References({ template, pseudoParameters, ...inputs, resolve });
  }

  /** Whether the condition of a resource holds, or it has none. */
  isCreated({ Condition }: Resource): boolean {
    return Condition === undefined || this.#conditions.holds(String(Condition));
  }

  /** The properties of a resource, or only the named ones, with all functions evaluated. */
  properties(logicalId: string, { Properties = {} }: Resource, names?: readonly string[]): Record<string, unknown> {
    const chosen = Object.entries(Properties).filter(([name]) => names === undefined || names.includes(name));
    const place = { resource: logicalId, property: '' };
    return this.#object(chosen, place);
  }

  /** Evaluates all functions in the value. `AWS::NoValue` becomes undefined, and is left out of lists and objects. */
  resolve(value: unknown, place: Place): unknown {
    if (Array.isArray(value)) {
      return value.map((item, index) => this.resolve(item, within(place, index))).filter((item) => item !== undefined);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      const resolved = this.#call(only[0], only[1], place);
      return resolved === noValue ? undefined : resolved;
    }
    return this.#object(entries, place);
  }

  #object(entries: readonly (readonly [string, unknown])[], place: Place): Record<string, unknown> {
    const resolved = entries.map(([name, item]) => {
      if (name.startsWith('Fn::')) return this.#refuse(name, place);
      return [name, this.resolve(item, within(place, name))] as const;
    });
    return Object.fromEntries(resolved.filter(([, item]) => item !== undefined));
  }

  #call(name: string, argument: unknown, place: Place): unknown {
    const counts = ARGUMENT_COUNTS[name];
    if (counts !== undefined && !(Array.isArray(argument) && counts.includes(argument.length))) {
      throw templateError(
        place,
        `${name} expected a list of ${counts.join(' or ')} values, got ${JSON.stringify(argument)}`,
        `${TEMPLATE_ERROR}: ${name} requires a list argument`,
      );
    }
    switch (name) {
      case 'Ref':
        return this.references.reference(String(this.resolve(argument, place)));
      case 'Fn::GetAtt':
        return this.references.attribute(attributePath(this.resolve(argument, place)));
      case 'Fn::Sub':
        return this.#substitute(argument, place);
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown];
        const resolved = this.resolve(parts, place);
        return Array.isArray(resolved) ? resolved.join(separator) : String(resolved);
      }
      case 'Fn::Select':
        return this.#select(argument as [unknown, unknown], place);
      case 'Fn::Split': {
        const [separator, text] = argument as [string, unknown];
        return String(this.resolve(text, place)).split(separator);
      }
      case 'Fn::If': {
        const [condition, then, otherwise] = argument as [string, unknown, unknown];
        return this.resolve(this.#conditions.holds(condition) ? then : otherwise, place) ?? noValue;
      }
      case 'Fn::FindInMap':
        return this.#find(argument as unknown[], place);
      case 'Fn::ImportValue':
        return this.references.importedValue(String(this.resolve(argument, place)));
      case 'Fn::Base64':
        return Buffer.from(String(this.resolve(argument, place))).toString('base64');
      case 'Fn::ToJsonString':
        return JSON.stringify(this.resolve(argument, place));
      case 'Fn::Length':
        return (this.resolve(argument, place) as unknown[]).length;
      default:
        return this.#refuse(name, place);
    }
  }

  #select([index, list]: [unknown, unknown], place: Place): unknown {
    const position = Number(this.resolve(index, place));
    const resolved = this.resolve(list, place);
    if (Array.isArray(resolved) && resolved[position] !== undefined) return resolved[position];
    throw templateError(
      place,
      `Fn::Select expected a list with an item ${position}, got ${JSON.stringify(resolved)}`,
      `${TEMPLATE_ERROR}: Fn::Select cannot select nonexistent value at index ${position}`,
    );
  }

  #find(argument: unknown[], place: Place): unknown {
    const [map = '', first = '', second = ''] = (this.resolve(argument.slice(0, 3), place) as unknown[]).map(String);
    const found = this.#template.Mappings?.[map]?.[first]?.[second];
    if (found !== undefined) return this.resolve(found, place);
    const fallback = argument[3] as { DefaultValue?: unknown } | undefined;
    if (fallback?.DefaultValue !== undefined) return this.resolve(fallback.DefaultValue, place);
    throw templateError(
      place,
      `Fn::FindInMap expected the key ${first}, ${second} in the mapping ${map}, found none: define it in Mappings`,
      `${TEMPLATE_ERROR}: Unable to get mapping for ${map}::${first}::${second}`,
    );
  }

  #substitute(argument: unknown, place: Place): string {
    const [text, variables] = Array.isArray(argument)
      ? (argument as [string, Record<string, unknown>])
      : [String(argument), {}];
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      const value = Object.hasOwn(variables, name) ? this.resolve(variables[name], place) : this.#variable(name);
      if (!Array.isArray(value)) return String(value);
      const change = 'use Fn::Join';
      throw templateError(place, `Fn::Sub expected a text for ${name}, got a list: ${change}`, TEMPLATE_ERROR);
    });
  }

  #variable(name: string): unknown {
    return name.includes('.') ? this.references.attribute(attributePath(name)) : this.references.reference(name);
  }

  #refuse(name: string, place: Place): never {
    throw templateError(place, `${name} is not evaluated: write its value`, 'accepts it, if it has this function');
  }
}

function templateError({ resource, property }: Place, message: string, aws: string): TemplateError {
  return new TemplateError(resource, property === '' ? 'Properties' : property, message, aws);
}

/** The logical id and the attribute, whose name can have dots. */
function attributePath(argument: unknown): string[] {
  return Array.isArray(argument)
    ? argument.map(String)
    : String(argument)
        .split(/\.(.*)/s)
        .slice(0, 2);
}
