import { applyChangesCalls } from '../../../functions/apply-changes/calls.ts';
import type { AwsCalls, AwsResource } from '../../../functions/core/aws-calls.ts';
import { dashboardCalls } from '../../../functions/dashboard/calls.ts';
import { indexDeadLettersCalls } from '../../../functions/index-dead-letters/calls.ts';
import { loadSalariesCalls } from '../../../functions/load-salaries/calls.ts';
import { pollChangesCalls } from '../../../functions/poll-changes/calls.ts';
import { provisionCalls } from '../../../functions/provision/calls.ts';
import { reconcileBucketCalls } from '../../../functions/reconcile-bucket/calls.ts';
import { redriveCalls } from '../../../functions/redrive/calls.ts';
import { transformCsvCalls } from '../../../functions/transform-csv/calls.ts';
import { verifyReplicaCalls } from '../../../functions/verify-replica/calls.ts';
import { watchReplicaCalls } from '../../../functions/watch-replica/calls.ts';
import { bundledAdapters } from '../../support/bundled-adapters.ts';
import { service } from '../../support/deployment.ts';
import {
  compileSimulatedStacks,
  databaseUserArn,
  functionArn,
  logStreamArn,
  type SimulatedCall,
  SimulatedRole,
  type SimulatedStacks,
} from '../../support/simulated-role.ts';

const CALLS: Readonly<Record<string, readonly AwsCalls[]>> = {
  'transform-csv': transformCsvCalls,
  'load-salaries': loadSalariesCalls,
  'reconcile-bucket': reconcileBucketCalls,
  redrive: redriveCalls,
  'poll-changes': pollChangesCalls,
  'apply-changes': applyChangesCalls,
  'watch-replica': watchReplicaCalls,
  'index-dead-letters': indexDeadLettersCalls,
  'verify-replica': verifyReplicaCalls,
  dashboard: dashboardCalls,
  provision: provisionCalls,
};

const pairsOf = (calls: readonly AwsCalls[]): [action: string, on: AwsResource][] =>
  calls.flatMap(({ actions, on }) =>
    actions.flatMap((action) => on.map((each): [string, AwsResource] => [action, each])),
  );
const nameOf = ([action, on]: [string, AwsResource]) => `${action} ${on}`;

let stacks: SimulatedStacks;
beforeAll(async () => {
  stacks = await compileSimulatedStacks();
}, 120_000);

/** What no function may do, whatever it needs. */
const DANGEROUS: readonly SimulatedCall[] = [
  { action: 's3:PutObject', resource: 'arn:aws:s3:::salaries/file.csv' },
  { action: 's3:DeleteObject', resource: 'arn:aws:s3:::salaries/file.csv' },
  { action: 's3:DeleteObjectVersion', resource: 'arn:aws:s3:::salaries/file.csv' },
  { action: 's3:PutBucketPolicy', resource: 'arn:aws:s3:::salaries' },
  { action: 's3:GetObject', resource: 'arn:aws:s3:::other/file.csv' },
  { action: 'iam:PassRole', resource: 'arn:aws:iam::111122223333:role/admin' },
  { action: 'iam:PutRolePolicy', resource: 'arn:aws:iam::111122223333:role/admin' },
  { action: 'sts:AssumeRole', resource: 'arn:aws:iam::111122223333:role/admin' },
  { action: 'lambda:UpdateFunctionCode', resource: functionArn('transform-csv') },
  { action: 'lambda:InvokeFunction', resource: functionArn('provision') },
  { action: 'lambda:InvokeFunction', resource: functionArn('transform-csv', 'dev-2') },
  { action: 'logs:PutLogEvents', resource: logStreamArn('transform-csv', 'dev-2') },
  { action: 'logs:DeleteLogStream', resource: logStreamArn('transform-csv') },
  { action: 'dynamodb:DeleteTable', resource: 'arn:aws:dynamodb:eu-central-1:111122223333:table/offsets' },
  {
    ...{ action: 'dynamodb:DeleteItem', resource: 'arn:aws:dynamodb:eu-central-1:111122223333:table/offsets' },
    context: { 'dynamodb:LeadingKeys': ['employee-changes'] },
  },
  { action: 'kafka-cluster:DeleteTopic', resource: topicArn('1-2-3', 'employee-changes') },
  {
    action: 'kafka-cluster:AlterCluster',
    resource: 'arn:aws:kafka:eu-central-1:111122223333:cluster/employee-streams-dev/1-2-3',
  },
  { action: 'kafka-cluster:WriteData', resource: topicArn('4-5-6', 'employee-changes') },
  { action: 'kafka-cluster:WriteData', resource: topicArn('1-2-3', 'employee-changes-of-others') },
  {
    action: 'secretsmanager:GetSecretValue',
    resource: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other-a1b2c3',
  },
  { action: 'rds-db:connect', resource: databaseUserArn('TARGET', 'rdsadmin') },
  { action: 'rds:DeleteDBInstance', resource: 'arn:aws:rds:eu-central-1:111122223333:db:target' },
  { action: 'ec2:RunInstances', resource: 'arn:aws:ec2:eu-central-1:111122223333:instance/*' },
];

function topicArn(cluster: string, topic: string): string {
  return `arn:aws:kafka:eu-central-1:111122223333:topic/employee-streams-dev/${cluster}/${topic}`;
}

it('every function has its list of calls', () => {
  expect(Object.keys(CALLS).sort()).toEqual(Object.keys(service.functions).sort());
});

describe.each(Object.entries(CALLS))('%s', (name, calls) => {
  let role: SimulatedRole;
  beforeAll(() => {
    role = new SimulatedRole(stacks, name);
  });
  const own = pairsOf(calls);

  it('may make every call of its list, also through the endpoints of the VPC', async () => {
    const denied: string[] = [];
    for (const pair of own) if (!(await role.allowsThroughEndpoint(role.call(...pair)))) denied.push(nameOf(pair));
    expect(denied).toEqual([]);
  });

  it('may make no call of another function that is not on its list', () => {
    const listed = new Set(own.map(nameOf));
    const others = new Map(
      Object.values(CALLS).flatMap((each) => pairsOf(each).map((pair) => [nameOf(pair), pair] as const)),
    );
    const allowed: string[] = [];
    for (const [call, pair] of others) {
      if (!listed.has(call) && role.allowsKnown(role.call(...pair))) allowed.push(call);
    }
    expect(allowed).toEqual([]);
  });

  it('may sign in to a database as itself only, and write its own log only', () => {
    for (const other of Object.keys(CALLS)) {
      if (other === name) continue;
      for (const side of ['SOURCE', 'TARGET'] as const) {
        const user = other === 'provision' ? 'employee_streams' : `employee_streams_${other.replaceAll('-', '_')}`;
        expect(role.allowsKnown({ action: 'rds-db:connect', resource: databaseUserArn(side, user) })).toBe(false);
      }
      expect(role.allowsKnown({ action: 'logs:PutLogEvents', resource: logStreamArn(other) })).toBe(false);
    }
  });

  it('may do nothing dangerous', async () => {
    const allowed: string[] = [];
    for (const call of DANGEROUS) if (await role.allows(call)) allowed.push(`${call.action} ${call.resource}`);
    expect(allowed).toEqual([]);
  });

  it('lets Lambda make its network interfaces, and not its code', async () => {
    const call = {
      action: 'ec2:CreateNetworkInterface',
      resource: 'arn:aws:ec2:eu-central-1:111122223333:network-interface/*',
    };
    expect(await role.allows(call)).toBe(true);
    expect(await role.allows({ ...call, context: { 'lambda:SourceFunctionArn': functionArn(name) } })).toBe(false);
  });

  it('lists what the adapters in its bundle call', () => {
    const adapters = bundledAdapters(name);
    const listed = calls.filter(({ by }) => by !== 'lambda');
    expect([...new Set(listed.map(({ by }) => by))].sort()).toEqual([...adapters.keys()].sort());
    for (const [adapter, bundled] of adapters) {
      if (bundled.length === 0) continue;
      const ofAdapter = listed.filter(({ by }) => by === adapter);
      const actions = ofAdapter.flatMap(({ actions, uncalled = [] }) => [...actions, ...uncalled]);
      // S3 looks at these itself: without them it answers 403 for what is missing.
      const implied = ['s3:ListBucket', 's3:ListBucketVersions'].filter((action) => !bundled.includes(action));
      expect([...new Set(actions)].filter((action) => !implied.includes(action)).sort()).toEqual([...bundled].sort());
    }
  });
});
