import { parseFunctionReference } from '../model/function-reference.ts';
import { suggestionFor } from '../suggestion.ts';
import { functionArn } from './function-arn.ts';
import type { FunctionNames } from './function-names.ts';
import type { Parameters } from './parameters.ts';
import type { PseudoParameters } from './pseudo-parameters.ts';
import { mskArn, namePropertyOf, resourceArn } from './resource-arns.ts';
import { type Place, type Template, TemplateError } from './template.ts';

/** Value of `AWS::NoValue`, which removes the property that it is set to. */
export const noValue = Symbol('AWS::NoValue');

/** Types whose `Ref` is their ARN. */
const TYPES_REFERRED_BY_ARN = new Set([
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::SNS::Topic',
  'AWS::Lambda::Alias',
  'AWS::Lambda::Version',
]);

/** A value that only AWS knows. */
export interface UnknownValue {
  readonly kind: 'import' | 'reference';
  /** The name of the import, a logical id, or an attribute such as `Nested.Outputs.Arn`. */
  readonly key: string;
}

export interface ReferencesOptions {
  readonly template: Template;
  readonly parameters: Parameters;
  readonly pseudoParameters: PseudoParameters;
  readonly functionNames: FunctionNames;
  readonly resolve: (value: unknown, place: Place) => unknown;
}

/**
 * What `Ref`, `Fn::GetAtt` and `Fn::ImportValue` refer to. A value that exists only after a deployment is replaced by an
 * invented one, which is the same at each start.
 */
export class References {
  readonly #options: ReferencesOptions;
  readonly #invented = new Map<string, UnknownValue>();
  /** Logical ids whose name is being resolved. */
  readonly #resolving: string[] = [];

  constructor(options: ReferencesOptions) {
    this.#options = options;
  }

  reference(given: string): unknown {
    const { template, parameters } = this.#options;
    const name = template.References?.[given] ?? given;
    if (name === 'AWS::NoValue') return noValue;
    const pseudo = this.#pseudoParameter(name);
    if (pseudo !== undefined) return pseudo;
    if (parameters.has(name)) return parameters.valueOf(name);
    const type = this.#typeOf(name);
    const named = this.#options.functionNames.get(name);
    if (type === 'AWS::Lambda::Function') return named ?? this.nameOf(name);
    if (named !== undefined) return this.#givenArn(name, named);
    if (TYPES_REFERRED_BY_ARN.has(type)) return this.arnOf(name);
    return namePropertyOf(type) === undefined
      ? this.#invent(this.nameOf(name), { kind: 'reference', key: name })
      : this.nameOf(name);
  }

  attribute(path: readonly string[]): unknown {
    const [logicalId = '', attribute = ''] = path;
    const { template, functionNames } = this.#options;
    const key = `${logicalId}.${attribute}`;
    if (template.References?.[key] !== undefined) return this.reference(key);
    const exact = functionNames.get(key);
    const isOwnArn = attribute.endsWith('Arn') && !attribute.includes('.');
    const named = exact === undefined && isOwnArn ? functionNames.get(logicalId) : exact;
    if (named !== undefined) return this.#givenArn(key, named);
    const type = this.#typeOf(logicalId);
    // The number is known only once the version is published.
    if (type === 'AWS::Lambda::Version' && attribute === 'Version') return '$LATEST';
    if (attribute === 'QueueName' || attribute === 'TopicName') return this.nameOf(logicalId);
    if (!attribute.endsWith('Arn')) return this.#invent(key, { kind: 'reference', key });
    if (namePropertyOf(type) !== undefined || TYPES_REFERRED_BY_ARN.has(type)) return this.arnOf(logicalId);
    return this.#invent(attribute.includes('.') ? this.#clusterArn(key) : this.arnOf(logicalId), {
      kind: 'reference',
      key,
    });
  }

  /** Mostly the ARN of a cluster is imported. */
  importedValue(name: string): string {
    const named = this.#options.functionNames.get(name);
    if (named !== undefined) return this.#givenArn(name, named);
    return this.#invent(this.#clusterArn(name), { kind: 'import', key: name });
  }

  /** The value in the text that only AWS knows; undefined when the text has its value from the template. */
  unknownIn(text: string): UnknownValue | undefined {
    for (const [invented, source] of this.#invented) {
      const escaped = invented.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      // As a whole word: the name of another resource may begin with it.
      if (new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`).test(text)) return source;
    }
    return undefined;
  }

  /** What the text refers to although the template does not have it, with the name that was probably meant. */
  missingIn(text: string): { readonly logicalId: string; readonly suggestion: string } | undefined {
    const { Resources, Parameters = {} } = this.#options.template;
    const unknown = this.unknownIn(text);
    const [logicalId = ''] = unknown?.key.split('.') ?? [];
    if (unknown?.kind !== 'reference' || Object.hasOwn(Resources, logicalId)) return undefined;
    return { logicalId, suggestion: suggestionFor(logicalId, Object.keys({ ...Parameters, ...Resources })) };
  }

  /** The name of a resource; a generated one where the template does not set it. */
  nameOf(logicalId: string): string {
    const { template, functionNames, pseudoParameters } = this.#options;
    const resource = template.Resources[logicalId];
    const named = resource?.Type === 'AWS::Lambda::Function' ? functionNames.get(logicalId) : undefined;
    if (typeof named === 'string') return parseFunctionReference(named)?.name ?? named;
    const property = resource?.Type === 'AWS::Lambda::Alias' ? 'Name' : namePropertyOf(resource?.Type ?? '');
    const given = property === undefined ? undefined : this.#property(logicalId, property);
    return typeof given === 'string' ? given : `${pseudoParameters.stackName}-${logicalId}`;
  }

  arnOf(logicalId: string): string {
    const { pseudoParameters } = this.#options;
    const type = this.#typeOf(logicalId);
    if (type === 'AWS::Lambda::Alias') return `${this.#functionOf(logicalId)}:${this.nameOf(logicalId)}`;
    if (type === 'AWS::Lambda::Version') return `${this.#functionOf(logicalId)}:$LATEST`;
    return resourceArn(type, this.nameOf(logicalId), pseudoParameters);
  }

  /** The ARN of the function that an alias or a version belongs to. */
  #functionOf(logicalId: string): string {
    const name = this.#property(logicalId, 'FunctionName');
    return functionArn(this.#options.pseudoParameters, String(name ?? logicalId));
  }

  #property(logicalId: string, property: string): unknown {
    if (this.#resolving.includes(logicalId)) {
      const cycle = this.#resolving.slice(this.#resolving.indexOf(logicalId)).join(', ');
      throw new TemplateError(
        logicalId,
        property,
        'refers to the resource itself: name another one',
        `ValidationError, Circular dependency between resources: [${cycle}]`,
      );
    }
    this.#resolving.push(logicalId);
    try {
      const properties = this.#options.template.Resources[logicalId]?.Properties;
      return this.#options.resolve(properties?.[property], { resource: logicalId, property });
    } finally {
      this.#resolving.pop();
    }
  }

  #typeOf(logicalId: string): string {
    return this.#options.template.Resources[logicalId]?.Type ?? '';
  }

  /** The value of the option `functionNames`. Null is replaced by an ARN that is no function's. */
  #givenArn(key: string, named: string | null): string {
    return named === null ? this.#clusterArn(key) : functionArn(this.#options.pseudoParameters, named);
  }

  #clusterArn(name: string): string {
    return mskArn(this.#options.pseudoParameters, name.replace(/[^a-zA-Z0-9-]/g, '-'));
  }

  #invent(value: string, source: UnknownValue): string {
    this.#invented.set(value, source);
    return value;
  }

  #pseudoParameter(name: string): string | undefined {
    const { region, accountId, stackName, partition, urlSuffix } = this.#options.pseudoParameters;
    const values: Record<string, string> = {
      'AWS::Region': region,
      'AWS::AccountId': accountId,
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/local`,
      'AWS::Partition': partition,
      'AWS::URLSuffix': urlSuffix,
    };
    return values[name];
  }
}
