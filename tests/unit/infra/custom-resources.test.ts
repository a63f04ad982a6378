import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type Handler = (event: object) => Promise<void>;
type Send = (command: Command) => Promise<unknown>;

class Command {
  readonly input: unknown;
  constructor(input: unknown) {
    this.input = input;
  }
}
class GetBootstrapBrokersCommand extends Command {}
class DescribeSecurityGroupsCommand extends Command {}
class RevokeSecurityGroupIngressCommand extends Command {}
class RevokeSecurityGroupEgressCommand extends Command {}

const code: string = parse(readFileSync(join(__dirname, '../../../infra/data/custom-resources.yml'), 'utf8'), {
  logLevel: 'silent',
}).template.Resources.CustomResourceFunction.Properties.Code.ZipFile;

/** The time of the function, in which waiting takes none. */
let now = 0;

/** The function as Lambda loads it, with the AWS SDK and the network replaced. */
async function invoke(event: object, send: Send): Promise<Record<string, unknown>> {
  const client = class {
    readonly send = send;
  };
  const modules: Record<string, object> = {
    '@aws-sdk/client-kafka': { KafkaClient: client, GetBootstrapBrokersCommand },
    '@aws-sdk/client-ec2': {
      EC2Client: client,
      DescribeSecurityGroupsCommand,
      RevokeSecurityGroupIngressCommand,
      RevokeSecurityGroupEgressCommand,
    },
  };
  const answers: Record<string, unknown>[] = [];
  const fetch = async (_url: string, { body }: { readonly body: string }) => {
    answers.push(JSON.parse(body));
    return { ok: true };
  };
  const exported: { handler?: Handler } = {};
  const setTimeout = (callback: () => void, delay: number) => {
    now += delay;
    callback();
  };
  const load = new Function('require', 'exports', 'fetch', 'console', 'setTimeout', 'Date', code);
  load((name: string) => modules[name], exported, fetch, { error: () => {} }, setTimeout, { now: () => now });
  const request = { RequestId: 'r', StackId: 's', LogicalResourceId: 'l', ResponseURL: 'https://answer' };
  await exported.handler?.({ ...request, ...event });
  expect(answers).toHaveLength(1);
  return answers[0] ?? {};
}

const brokers = (event: object = {}) => ({
  RequestType: 'Create',
  ResourceType: 'Custom::KafkaBootstrap',
  ResourceProperties: { ClusterArn: 'arn:cluster' },
  ...event,
});

test('answers with the brokers that accept IAM', async () => {
  const answer = await invoke(brokers(), async () => ({ BootstrapBrokerStringSaslIam: 'a:9098,b:9098' }));
  expect(answer).toEqual({
    Status: 'SUCCESS',
    RequestId: 'r',
    StackId: 's',
    LogicalResourceId: 'l',
    PhysicalResourceId: 'arn:cluster',
    Data: { Brokers: 'a:9098,b:9098' },
  });
});

test('fails with the reason when the cluster has no such brokers, or AWS refuses', async () => {
  const none = await invoke(brokers(), async () => ({}));
  expect(none).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('no brokers that accept IAM') });
  const refused = await invoke(brokers(), () => Promise.reject(new Error('not authorized')));
  expect(refused).toMatchObject({ Status: 'FAILED', Reason: 'Custom::KafkaBootstrap: not authorized' });
});

test('asks nothing at a deletion, so that a stack whose servers are gone can be removed', async () => {
  const send = jest.fn();
  expect(await invoke(brokers({ RequestType: 'Delete' }), send)).toMatchObject({ Status: 'SUCCESS' });
  expect(send).not.toHaveBeenCalled();
});

test('revokes every rule of the default security group, and nothing when there is none', async () => {
  const closing = {
    RequestType: 'Create',
    ResourceType: 'Custom::ClosedSecurityGroup',
    ResourceProperties: { GroupId: 'sg-1' },
  };
  const sent: Command[] = [];
  const group = { IpPermissions: [{ IpProtocol: '-1', id: 'in' }], IpPermissionsEgress: [{ id: 'out' }] };
  const aws = (found: object) => async (command: Command) => {
    sent.push(command);
    return { SecurityGroups: [found] };
  };
  expect(await invoke(closing, aws(group))).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'sg-1' });
  expect(sent.map((command) => [command.constructor.name, command.input])).toEqual([
    ['DescribeSecurityGroupsCommand', { GroupIds: ['sg-1'] }],
    ['RevokeSecurityGroupIngressCommand', { GroupId: 'sg-1', IpPermissions: group.IpPermissions }],
    ['RevokeSecurityGroupEgressCommand', { GroupId: 'sg-1', IpPermissions: group.IpPermissionsEgress }],
  ]);
  sent.length = 0;
  expect(await invoke(closing, aws({ IpPermissions: [], IpPermissionsEgress: [] }))).toMatchObject({ Data: {} });
  expect(sent).toHaveLength(1);
});

test('repeats for less than the timeout of the function what a new role is not yet allowed', async () => {
  const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
  let calls = 0;
  const later = await invoke(brokers(), async () => {
    calls += 1;
    if (calls < 3) throw denied;
    return { BootstrapBrokerStringSaslIam: 'a:9098' };
  });
  expect([later['Status'], calls]).toEqual(['SUCCESS', 3]);
  const begin = now;
  const never = await invoke(brokers(), () => Promise.reject(denied));
  expect(never).toMatchObject({ Status: 'FAILED', Reason: 'Custom::KafkaBootstrap: not authorized' });
  expect(now - begin).toBeGreaterThan(40_000);
  expect(now - begin).toBeLessThan(55_000);
});
