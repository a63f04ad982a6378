import { suggestionFor } from '../suggestion.ts';
import { type ParameterDefinition, TemplateError } from './template.ts';

/** What the plugin's settings and the command line give for the parameters of a template. */
export type ParameterValues = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

const LIST_TYPE = /^(AWS::SSM::Parameter::Value<)?(CommaDelimitedList|List<.*>)/;
/** The value of such a parameter is the name of an entry in Parameter Store. */
const STORE_TYPE = /^AWS::SSM::Parameter::Value</;

/** The values of a template's parameters: those that were given, and the defaults of the others. */
export class Parameters {
  readonly #definitions: Readonly<Record<string, ParameterDefinition>>;
  readonly #given: ParameterValues;

  /** @throws {TemplateError} for a given name that the template does not have, and for a value that it does not allow. */
  constructor(definitions: Readonly<Record<string, ParameterDefinition>>, given: ParameterValues) {
    this.#definitions = definitions;
    this.#given = given;
    const names = Object.keys(definitions);
    for (const [name, value] of Object.entries(given)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined) {
        throw new TemplateError(
          'Parameters',
          name,
          `is not a parameter of the template; ${suggestionFor(name, names)}`,
          `ValidationError, Parameters: [${name}] do not exist in the template`,
        );
      }
      checkValue(name, definition, String(value));
    }
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#definitions, name);
  }

  /** A list for the types of lists. Throws a TemplateError when there is neither a value nor a default. */
  valueOf(name: string): unknown {
    const { Type, Default } = this.#definitions[name] ?? {};
    const type = String(Type ?? 'String');
    const given = this.#given[name];
    if (given === undefined && Default !== undefined && STORE_TYPE.test(type)) {
      throw missingValue(
        name,
        `is read from Parameter Store on AWS (${String(Default)})`,
        'reads it at the deployment',
      );
    }
    const value = given ?? Default;
    if (value === undefined) {
      throw missingValue(
        name,
        'has no value and no default',
        `ValidationError, Parameters: [${name}] must have values`,
      );
    }
    if (LIST_TYPE.test(type)) return listOf(value);
    return given === undefined ? value : String(value);
  }
}

function missingValue(name: string, what: string, aws: string): TemplateError {
  const change = `give one with --parameter ${name}=VALUE, or in custom.eventSources.parameters`;
  return new TemplateError('Parameters', name, `${what}: ${change}`, aws);
}

/** CloudFormation trims the blanks around each item. */
function listOf(value: unknown): string[] {
  return String(value)
    .split(',')
    .map((item) => item.trim());
}

function checkValue(name: string, { Type, AllowedValues, AllowedPattern }: ParameterDefinition, value: string): void {
  const type = String(Type ?? 'String');
  const items = LIST_TYPE.test(type) ? listOf(value) : [value];
  const fail = (message: string, aws: string): never => {
    throw new TemplateError('Parameters', name, message, `ValidationError, Parameter '${name}' ${aws}`);
  };
  for (const item of items) {
    if (/Number>?$/.test(type) && (item === '' || Number.isNaN(Number(item)))) {
      fail(`expected a number, got ${JSON.stringify(item)}`, 'must be a number');
    }
    if (AllowedValues !== undefined && !AllowedValues.map(String).includes(item)) {
      fail(`must be one of ${AllowedValues.join(', ')}, got ${JSON.stringify(item)}`, 'must be one of AllowedValues');
    }
    if (AllowedPattern !== undefined && !matches(item, AllowedPattern)) {
      fail(`must match ${AllowedPattern}, got ${JSON.stringify(item)}`, `must match pattern ${AllowedPattern}`);
    }
  }
}

/** The pattern is one of Java. Any text matches one that JavaScript cannot read. */
function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return true;
  }
}
