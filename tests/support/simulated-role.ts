import { runSimulation, runUnsafeSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { AwsResource } from '../../functions/core/aws-calls.ts';
import { type CompiledTemplate, compileStack } from './compiled-stacks.ts';
import { service } from './deployment.ts';

const STAGE = 'dev';
const REGION = 'eu-central-1';
const ACCOUNT = '111122223333';
const arn = (serviceName: string, path: string) => `arn:aws:${serviceName}:${REGION}:${ACCOUNT}:${path}`;
const SECRETS = {
  source: arn('secretsmanager', 'secret:source-a1b2c3'),
  target: arn('secretsmanager', 'secret:target-a1b2c3'),
};
const TABLE = arn('dynamodb', 'table/offsets');
const BUCKET = 'salaries';
const CLUSTER = arn('kafka', 'cluster/employee-streams-dev/1-2-3');

/** What CloudFormation puts in for parameters, resources and their attributes. */
const VALUES: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  KafkaCluster: CLUSTER,
  KafkaTopics: arn('kafka', 'topic/employee-streams-dev/1-2-3'),
  KafkaGroups: arn('kafka', 'group/employee-streams-dev/1-2-3'),
  OffsetTableArn: TABLE,
  'OffsetTable.Arn': TABLE,
  SalaryBucket: BUCKET,
  ExistingBucket: BUCKET,
  SourceDatabaseResourceId: 'db-SOURCE',
  TargetDatabaseResourceId: 'db-TARGET',
  SourceDatabaseSecretArn: SECRETS.source,
  TargetDatabaseSecretArn: SECRETS.target,
  'SourceDatabase.MasterUserSecret.SecretArn': SECRETS.source,
  'TargetDatabase.MasterUserSecret.SecretArn': SECRETS.target,
};

/** The endpoint of the VPC that a call goes through. Lambda itself writes logs and polls Kafka, and RDS is in the VPC. */
const ENDPOINTS: Readonly<Record<string, string>> = {
  s3: 'S3Endpoint',
  dynamodb: 'DynamodbEndpoint',
  lambda: 'LambdaEndpoint',
  secretsmanager: 'SecretsManagerEndpoint',
};

/** A policy of a compiled template as IAM gets it, in a stage that creates its bucket. */
function evaluate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(evaluate);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = [''], ...others] = Object.entries(value);
  if (others.length === 0) {
    const evaluated = evaluate(argument) as string[];
    switch (name) {
      case 'Ref':
        return findValue(argument);
      case 'Fn::GetAtt':
        return findValue([argument].flat().join('.'));
      case 'Fn::Sub':
        return substitute(argument);
      case 'Fn::Join':
        return (evaluated[1] as unknown as string[]).join(evaluated[0]);
      case 'Fn::Split':
        return evaluated[1]?.split(evaluated[0] as string);
      case 'Fn::If':
        return evaluated[1];
    }
  }
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, evaluate(part)]));
}

function substitute(argument: unknown): string {
  const [text, local = {}] = [argument].flat() as [string, Record<string, unknown>?];
  return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) =>
    name in local ? String(evaluate(local[name])) : findValue(name),
  );
}

function findValue(name: string): string {
  const value = VALUES[name];
  if (value === undefined) throw new Error(`expected a value of ${name} for the simulation, found none; add it above`);
  return value;
}

export interface SimulatedCall {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
}

interface NamedPolicy {
  readonly name: string;
  readonly policy: unknown;
}

/** The two stacks as they are compiled for stage dev. */
export async function compileSimulatedStacks(): Promise<SimulatedStacks> {
  const [functions, data] = await Promise.all([compileStack('functions', STAGE), compileStack('data', STAGE)]);
  return { functions, data };
}

export interface SimulatedStacks {
  readonly functions: CompiledTemplate;
  readonly data: CompiledTemplate;
}

/** The role of a function in the compiled template, and the endpoints that its calls go through. */
export class SimulatedRole {
  readonly #functionName: string;
  readonly #policies: readonly NamedPolicy[];
  readonly #endpoints: CompiledTemplate['Resources'];

  constructor({ functions, data }: SimulatedStacks, functionName: string) {
    const { Resources } = functions;
    const { ManagedPolicyArns = [], Policies } =
      Resources[service.functions[functionName]?.role ?? '']?.Properties ?? {};
    this.#functionName = functionName;
    this.#endpoints = data.Resources;
    this.#policies = [
      ...ManagedPolicyArns.map(({ Ref }: { Ref: string }) => Resources[Ref]?.Properties.PolicyDocument),
      ...Policies.map((policy: { PolicyDocument: unknown }) => policy.PolicyDocument),
    ].map((policy, index) => ({ name: `policy-${index}`, policy: evaluate(policy) }));
  }

  /** @throws when IAM has no such action, or the action no such resource, or a policy is invalid. */
  allows(call: SimulatedCall): Promise<boolean> {
    return simulate(this.#simulationOf(call));
  }

  /** As `allows`, through the endpoint of the VPC. */
  allowsThroughEndpoint(call: SimulatedCall): Promise<boolean> {
    const name = ENDPOINTS[call.action.split(':')[0] ?? ''];
    if (name === undefined) return this.allows(call);
    const policy = evaluate(this.#endpoints[name]?.Properties.PolicyDocument);
    return simulate({ ...this.#simulationOf(call), vpcEndpointPolicies: [{ name, policy }] });
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
      ...{ identityPolicies: [...this.#policies], serviceControlPolicies: [], resourceControlPolicies: [] },
    };
  }

  /** The call of a function's list, made by this function. */
  call(action: string, on: AwsResource): SimulatedCall {
    const [kind, name = ''] = on.split(' ');
    const side = name.toUpperCase();
    switch (kind) {
      case 'object':
        return { action, resource: `arn:aws:s3:::${BUCKET}/folder/file.csv` };
      case 'bucket':
        return { action, resource: `arn:aws:s3:::${BUCKET}` };
      case 'cluster':
        return { action, resource: CLUSTER };
      case 'topic':
        return { action, resource: `${VALUES['KafkaTopics']}/${name}` };
      case 'group':
        return { action, resource: `${VALUES['KafkaGroups']}/${name}` };
      case 'function':
        return { action, resource: functionArn(name) };
      case 'table':
        return { action, resource: TABLE };
      case 'item':
        return {
          ...{ action, resource: TABLE },
          context: { 'dynamodb:LeadingKeys': [name] },
        };
      case 'user':
        return { action, resource: arn('rds-db', `dbuser:db-${side}/${userOf(this.#functionName)}`) };
      case 'secret':
        return { action, resource: name === 'source' ? SECRETS.source : SECRETS.target };
      case 'log':
        return { action, resource: logStreamArn(this.#functionName) };
      default:
        return { action, resource: '*' };
    }
  }
}

async function simulate(simulation: Simulation): Promise<boolean> {
  const result = await runSimulation(simulation, {});
  if (result.resultType !== 'error') return result.overallResult === 'Allowed';
  const { action, resource } = simulation.request;
  throw new Error(`${action} ${resource.resource}: ${JSON.stringify(result.errors)}`);
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
