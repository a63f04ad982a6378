import { runSimulation, runUnsafeSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { AwsResource } from '../../functions/core/aws-calls.ts';
import { type Resource, resources } from './deployment.ts';

const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';
const arn = (service: string, path: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${path}`;

/** What the data stack passes on, and what Serverless and CloudFormation replace. */
const VALUES: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'self:service': 'employee-streams',
  'sls:stage': 'dev',
  KafkaCluster: arn('kafka', 'cluster/employee-streams-dev/1-2-3'),
  KafkaTopics: arn('kafka', 'topic/employee-streams-dev/1-2-3'),
  KafkaGroups: arn('kafka', 'group/employee-streams-dev/1-2-3'),
  OffsetTableArn: arn('dynamodb', 'table/offsets'),
  SalaryBucket: 'salaries',
  SourceDatabaseResourceId: 'db-SOURCE',
  TargetDatabaseResourceId: 'db-TARGET',
  SourceDatabaseSecretArn: arn('secretsmanager', 'secret:source-a1b2c3'),
  TargetDatabaseSecretArn: arn('secretsmanager', 'secret:target-a1b2c3'),
};

/** A policy of the template as IAM gets it. The parser has made `!Ref Name` the text "Name". */
function resolve(value: unknown): unknown {
  if (typeof value === 'string') {
    return VALUES[value] ?? value.replaceAll(/\$\{([^}]+)\}/g, (text, name: string) => VALUES[name] ?? text);
  }
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part)]));
}

export interface SimulatedCall {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** The role of a function in the template, stage dev. */
export class SimulatedRole {
  readonly #functionName: string;
  readonly #policies: { readonly name: string; readonly policy: unknown }[];

  constructor(functionName: string, role: string) {
    const { ManagedPolicyArns = [], Policies } = (resources.get(role) as Resource).Properties;
    this.#functionName = functionName;
    this.#policies = [
      ...ManagedPolicyArns.map((id: string) => resources.get(id)?.Properties.PolicyDocument),
      ...Policies.map((policy: { PolicyDocument: unknown }) => policy.PolicyDocument),
    ].map((policy, index) => ({ name: `policy-${index}`, policy: resolve(policy) }));
  }

  /** @throws when IAM has no such action, or the action no such resource, or a policy is invalid. */
  async allows(call: SimulatedCall): Promise<boolean> {
    const result = await runSimulation(this.#simulationOf(call), {});
    if (result.resultType === 'error')
      throw new Error(`${call.action} ${call.resource}: ${JSON.stringify(result.errors)}`);
    return result.overallResult === 'Allowed';
  }

  /** Without the validation, which takes most of the time. The same call must be validated elsewhere. */
  allowsKnown(call: SimulatedCall): boolean {
    return runUnsafeSimulation(this.#simulationOf(call), {}) === 'Allowed';
  }

  #simulationOf({ action, resource, context = {} }: SimulatedCall): Simulation {
    return {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/${this.#functionName}`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      ...{ identityPolicies: this.#policies, serviceControlPolicies: [], resourceControlPolicies: [] },
    };
  }

  /** The call of a function's list, made by this function. */
  call(action: string, on: AwsResource): SimulatedCall {
    const [kind, name = ''] = on.split(' ');
    const side = name.toUpperCase();
    switch (kind) {
      case 'object':
        return { action, resource: 'arn:aws:s3:::salaries/folder/file.csv' };
      case 'bucket':
        return { action, resource: 'arn:aws:s3:::salaries' };
      case 'cluster':
        return { action, resource: VALUES['KafkaCluster'] as string };
      case 'topic':
        return { action, resource: `${VALUES['KafkaTopics']}/${name}` };
      case 'group':
        return { action, resource: `${VALUES['KafkaGroups']}/${name}` };
      case 'function':
        return { action, resource: functionArn(name) };
      case 'table':
        return { action, resource: VALUES['OffsetTableArn'] as string };
      case 'item':
        return {
          ...{ action, resource: VALUES['OffsetTableArn'] as string },
          context: { 'dynamodb:LeadingKeys': [name] },
        };
      case 'user':
        return { action, resource: arn('rds-db', `dbuser:db-${side}/${userOf(this.#functionName)}`) };
      case 'secret':
        return { action, resource: arn('secretsmanager', `secret:${name}-a1b2c3`) };
      case 'log':
        return { action, resource: logStreamArn(this.#functionName) };
      default:
        return { action, resource: '*' };
    }
  }
}

export function functionArn(name: string, stage = 'dev'): string {
  return arn('lambda', `function:employee-streams-${stage}-${name}`);
}

export function logStreamArn(name: string, stage = 'dev'): string {
  return arn('logs', `log-group:/aws/lambda/employee-streams-${stage}-${name}:log-stream:one`);
}

export function databaseUserArn(side: 'SOURCE' | 'TARGET', user: string): string {
  return arn('rds-db', `dbuser:db-${side}/${user}`);
}

function userOf(functionName: string): string {
  return functionName === 'provision' ? 'employee_streams' : `employee_streams_${functionName.replaceAll('-', '_')}`;
}
