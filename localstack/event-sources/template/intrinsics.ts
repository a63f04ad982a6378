import { createHash } from 'node:crypto';
import { Conditions } from './conditions.ts';
import type { PseudoParameters } from './pseudo-parameters.ts';
import type { Template } from './template.ts';

/** A UUID that is the same at each start, made of a name. */
export function stableUuid(name: string): string {
  const hex = createHash('sha1').update(name).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)}${hex.slice(18, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Property that names a resource where the template gives it one, and the service of its ARN. */
const kinds: Record<string, { name: string; arn: (pseudo: PseudoParameters, name: string) => string }> = {
  'AWS::Lambda::Function': {
    name: 'FunctionName',
    arn: (p, name) => `arn:${p.partition}:lambda:${p.region}:${p.accountId}:function:${name}`,
  },
  'AWS::S3::Bucket': { name: 'BucketName', arn: (p, name) => `arn:${p.partition}:s3:::${name}` },
  'AWS::SQS::Queue': {
    name: 'QueueName',
    arn: (p, name) => `arn:${p.partition}:sqs:${p.region}:${p.accountId}:${name}`,
  },
  'AWS::SNS::Topic': {
    name: 'TopicName',
    arn: (p, name) => `arn:${p.partition}:sns:${p.region}:${p.accountId}:${name}`,
  },
  'AWS::MSK::Cluster': { name: 'ClusterName', arn: mskArn },
  'AWS::MSK::ServerlessCluster': { name: 'ClusterName', arn: mskArn },
  'AWS::Events::Rule': {
    name: 'Name',
    arn: (p, name) => `arn:${p.partition}:events:${p.region}:${p.accountId}:rule/${name}`,
  },
};

function mskArn(pseudo: PseudoParameters, name: string): string {
  const id = `${stableUuid(name)}-1`;
  return `arn:${pseudo.partition}:kafka:${pseudo.region}:${pseudo.accountId}:cluster/${name}/${id}`;
}

/** `AWS::NoValue`: what stands there is not there. */
const noValue = Symbol('AWS::NoValue');

/**
 * Puts values in the place of CloudFormation's functions. What only a deployment knows (another stack's exports, ids
 * that AWS draws) becomes a made-up value that stays the same from start to start.
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

  /** The template with only those resources that CloudFormation would make. */
  withConditions(): Template {
    const made = Object.entries(this.#template.Resources).filter(
      ([, { Condition }]) => Condition === undefined || this.#conditions.holds(String(Condition)),
    );
    return { ...this.#template, Resources: Object.fromEntries(made) };
  }

  /** Undefined for `AWS::NoValue`; lists and objects leave such values out. */
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

  nameOf(logicalId: string): string {
    const resource = this.#template.Resources[logicalId];
    const property = resource === undefined ? undefined : kinds[resource.Type]?.name;
    const given = property === undefined ? undefined : this.resolve(resource?.Properties?.[property]);
    return typeof given === 'string' ? given : `${this.pseudoParameters.stackName}-${logicalId}`;
  }

  arnOf(logicalId: string): string {
    const type = this.#template.Resources[logicalId]?.Type ?? '';
    const name = this.nameOf(logicalId);
    const { partition, region, accountId } = this.pseudoParameters;
    return (
      kinds[type]?.arn(this.pseudoParameters, name) ??
      `arn:${partition}:${(type.split('::')[1] ?? 'unknown').toLowerCase()}:${region}:${accountId}:${name}`
    );
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#reference(String(argument));
      case 'Fn::GetAtt': {
        const [logicalId = '', attribute = ''] = Array.isArray(argument)
          ? argument.map(String)
          : String(argument).split(/\.(.*)/s);
        if (attribute === 'Arn' || attribute.endsWith('Arn')) return this.arnOf(logicalId);
        return attribute === 'QueueName' || attribute === 'TopicName'
          ? this.nameOf(logicalId)
          : `${logicalId}.${attribute}`;
      }
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
      return String(name.includes('.') ? this.#call('Fn::GetAtt', name) : this.#reference(name));
    });
  }
}
