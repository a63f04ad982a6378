import { Conditions } from './conditions.ts';
import type { PseudoParameters } from './pseudo-parameters.ts';
import { mskArn, namePropertyOf, resourceArn } from './resource-arns.ts';
import type { Template } from './template.ts';

/** Value of `AWS::NoValue`, which removes the property that it is set to. */
const noValue = Symbol('AWS::NoValue');

/**
 * Evaluates CloudFormation's intrinsic functions. A value that exists only after a deployment (an export of another stack,
 * an id that AWS generates) is replaced by an invented one, which is the same at each start.
 */
export class Intrinsics {
  readonly #template: Template;
  readonly #conditions: Conditions;
  readonly pseudoParameters: PseudoParameters;

  constructor(template: Template, pseudoParameters: PseudoParameters) {
    this.#template = template;
    this.#conditions = new Conditions(template.Conditions ?? {}, (value) => this.resolve(value));
    this.pseudoParameters = pseudoParameters;
  }

  /** The template without the resources whose condition does not hold. */
  withConditions(): Template {
    const created = Object.entries(this.#template.Resources).filter(
      ([, { Condition }]) => Condition === undefined || this.#conditions.holds(String(Condition)),
    );
    return { ...this.#template, Resources: Object.fromEntries(created) };
  }

  /** Evaluates all functions in the value. `AWS::NoValue` becomes undefined, and is left out of lists and objects. */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item)).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      const resolved = this.#call(only[0], only[1]);
      if (resolved === noValue) return undefined;
      if (resolved !== undefined) return resolved;
    }
    const resolved = entries.map(([name, item]) => [name, this.resolve(item)] as const);
    return Object.fromEntries(resolved.filter(([, item]) => item !== undefined));
  }

  /** The name of a resource; a generated one where the template does not set it. */
  nameOf(logicalId: string): string {
    const resource = this.#template.Resources[logicalId];
    const property = namePropertyOf(resource?.Type ?? '');
    const given = property === undefined ? undefined : this.resolve(resource?.Properties?.[property]);
    return typeof given === 'string' ? given : `${this.pseudoParameters.stackName}-${logicalId}`;
  }

  arnOf(logicalId: string): string {
    const type = this.#template.Resources[logicalId]?.Type ?? '';
    return resourceArn(type, this.nameOf(logicalId), this.pseudoParameters);
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#reference(String(argument));
      case 'Fn::GetAtt':
        return this.#attribute(argument);
      case 'Fn::Sub':
        return this.#substitute(argument);
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown];
        const resolved = this.resolve(parts);
        return Array.isArray(resolved) ? resolved.join(separator) : String(resolved);
      }
      case 'Fn::Select': {
        const [index, list] = argument as [number | string, unknown];
        const resolved = this.resolve(list);
        return Array.isArray(resolved) ? resolved[Number(index)] : undefined;
      }
      case 'Fn::Split': {
        const [separator, text] = argument as [string, unknown];
        return String(this.resolve(text)).split(separator);
      }
      case 'Fn::If': {
        const [condition, then, otherwise] = argument as [string, unknown, unknown];
        return this.resolve(this.#conditions.holds(condition) ? then : otherwise) ?? noValue;
      }
      case 'Fn::FindInMap': {
        const [map = '', first = '', second = ''] = (this.resolve(argument) as unknown[]).map(String);
        return this.resolve(this.#template.Mappings?.[map]?.[first]?.[second]);
      }
      case 'Fn::ImportValue': {
        const exported = String(this.resolve(argument));
        return mskArn(this.pseudoParameters, exported.replace(/[^a-zA-Z0-9-]/g, '-'));
      }
      default:
        return undefined;
    }
  }

  #attribute(argument: unknown): string {
    const path = Array.isArray(argument) ? argument.map(String) : String(argument).split(/\.(.*)/s);
    const [logicalId = '', attribute = ''] = path;
    if (attribute.endsWith('Arn')) return this.arnOf(logicalId);
    return attribute === 'QueueName' || attribute === 'TopicName'
      ? this.nameOf(logicalId)
      : `${logicalId}.${attribute}`;
  }

  #reference(name: string): unknown {
    const { region, accountId, stackName, partition } = this.pseudoParameters;
    if (name === 'AWS::NoValue') return noValue;
    const pseudo: Record<string, string> = {
      'AWS::Region': region,
      'AWS::AccountId': accountId,
      'AWS::StackName': stackName,
      'AWS::Partition': partition,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    if (pseudo[name] !== undefined) return pseudo[name];
    const parameter = this.#template.Parameters?.[name];
    if (parameter !== undefined) return parameter.Default ?? `parameter-${name}`;
    const type = this.#template.Resources[name]?.Type;
    if (type === 'AWS::MSK::Cluster' || type === 'AWS::MSK::ServerlessCluster' || type === 'AWS::SNS::Topic') {
      return this.arnOf(name);
    }
    return this.nameOf(name);
  }

  #substitute(argument: unknown): string {
    const [text, variables] = Array.isArray(argument)
      ? (argument as [string, Record<string, unknown>])
      : [String(argument), {}];
    return text.replace(/\$\{([^!}][^}]*)\}/g, (_whole, name: string) => {
      if (Object.hasOwn(variables, name)) return String(this.resolve(variables[name]));
      return String(name.includes('.') ? this.#attribute(name) : this.#reference(name));
    });
  }
}
