import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { applyChangesShape } from '../../functions/apply-changes/config.ts';
import {
  CHANGES_DEAD_LETTER_GROUP,
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_GROUP,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_GROUP,
  SALARIES_TOPIC,
} from '../../functions/core/topics.ts';
import { indexDeadLettersShape } from '../../functions/index-dead-letters/config.ts';
import { dashboardShape } from '../../functions/dashboard/config.ts';
import { loadSalariesShape } from '../../functions/load-salaries/config.ts';
import { pollChangesShape } from '../../functions/poll-changes/config.ts';
import { provisionShape } from '../../functions/provision/config.ts';
import { reconcileBucketShape } from '../../functions/reconcile-bucket/config.ts';
import { redriveShape } from '../../functions/redrive/config.ts';
import { transformCsvShape } from '../../functions/transform-csv/config.ts';
import { verifyReplicaShape } from '../../functions/verify-replica/config.ts';
import { watchReplicaShape } from '../../functions/watch-replica/config.ts';
import { resources, service, stages, TEMPLATES } from '../support/deployment.ts';

const ROOT = join(__dirname, '../..');

describe('the environment of the functions', () => {
  const shapes: Readonly<Record<string, z.ZodRawShape>> = {
    'transform-csv': transformCsvShape,
    'load-salaries': loadSalariesShape,
    'reconcile-bucket': reconcileBucketShape,
    'poll-changes': pollChangesShape,
    'apply-changes': applyChangesShape,
    'index-dead-letters': indexDeadLettersShape,
    redrive: redriveShape,
    'verify-replica': verifyReplicaShape,
    'watch-replica': watchReplicaShape,
    dashboard: dashboardShape,
    provision: provisionShape,
  };
  /** Lambda itself sets these for every function. */
  const setByLambda = ['AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME'];
  /** Read by Node, the C library and the logger, not by the functions' configuration. */
  const readByOthers = ['MALLOC_ARENA_MAX', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'POWERTOOLS_LOG_LEVEL'];

  const forAll = Object.keys(service.provider.environment);

  it('has a shape for every function', () => {
    expect(Object.keys(shapes).sort()).toEqual(Object.keys(service.functions).sort());
  });

  it.each(Object.entries(shapes))('of %s has every name that its config reads, and no other', (name, shape) => {
    const own = Object.keys(service.functions[name]?.environment ?? {});
    const read = Object.keys(shape);
    expect(read.filter((variable) => ![...own, ...forAll, ...setByLambda].includes(variable))).toEqual([]);
    expect(own.filter((variable) => ![...read, ...readByOthers].includes(variable))).toEqual([]);
  });

  it('of the provider has only variables that a function reads', () => {
    const read = [...Object.values(shapes).flatMap(Object.keys), ...readByOthers];
    expect(forAll.filter((variable) => !read.includes(variable))).toEqual([]);
  });

  it('never holds a password', () => {
    const values = Object.values(service.functions).flatMap(({ environment }) => Object.values(environment));
    expect(values.map(String).filter((value) => /:\/\/[^/]*:[^/]*@|password/i.test(value))).toEqual([]);
  });
});

describe('the event sources', () => {
  const mappings = Object.entries(service.functions).flatMap(([name, definition]) =>
    (definition.events ?? []).flatMap(({ msk }) => (msk ? [{ name, definition, msk }] : [])),
  );

  it('are one mapping for each topic', () => {
    expect(mappings.map(({ msk }) => msk.topic).sort()).toEqual([
      CHANGES_TOPIC,
      CHANGES_DEAD_LETTER_TOPIC,
      SALARIES_TOPIC,
      SALARIES_DEAD_LETTER_TOPIC,
    ]);
  });

  it.each(mappings)('of $name leave the function the time that a Kafka event source allows', ({ definition }) => {
    expect(definition.timeout).toBeLessThanOrEqual(14 * 60);
  });

  it('let the next poller take over while the current one runs, without retries', () => {
    const poller = service.functions['poll-changes'];
    expect(poller?.reservedConcurrency).toContain('param:pollChangesConcurrency');
    expect(stages['prod']?.['pollChangesConcurrency']).toBeGreaterThanOrEqual(2);
    expect(poller?.maximumRetryAttempts).toBe(0);
    expect(poller?.timeout).toBeGreaterThan(60);
  });

  it('wait for provision for longer than one invocation of it takes', () => {
    const timeout = service.functions['provision']?.timeout ?? 0;
    expect(timeout).toBe(900);
    expect(resources.get('Provision')?.Properties.ServiceTimeout).toBeGreaterThan(timeout);
  });
});

describe('permissions', () => {
  // biome-ignore lint/suspicious/noExplicitAny: statements may have any depth.
  const statementsOf = (role: string): any[] =>
    resources
      .get(role)
      // biome-ignore lint/suspicious/noExplicitAny: statements may have any depth.
      ?.Properties.Policies.flatMap((policy: any) => policy.PolicyDocument.Statement) ?? [];
  const list = (oneOrMore: string | readonly string[]) => [oneOrMore].flat() as string[];
  const namesOf = (role: string, kind: 'Topic' | 'Group', action: string) =>
    statementsOf(role)
      .filter(({ Action }) => list(Action).includes(action))
      .flatMap(({ Resource }) => list(Resource))
      .flatMap((arn) => (arn.startsWith(`\${Kafka${kind}s}/`) ? [arn.slice(arn.indexOf('/') + 1)] : []))
      .sort();

  it('come from one role a function', () => {
    const roles = Object.values(service.functions).map(({ role }) => role);
    expect(new Set(roles).size).toBe(roles.length);
    for (const role of roles) expect(resources.get(role)?.Type).toBe('AWS::IAM::Role');
  });

  it.each([
    ['TransformCsvRole', [SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC]],
    ['LoadSalariesRole', [SALARIES_DEAD_LETTER_TOPIC]],
    ['ReconcileBucketRole', []],
    ['PollChangesRole', [CHANGES_TOPIC]],
    ['ApplyChangesRole', [CHANGES_DEAD_LETTER_TOPIC]],
    ['IndexDeadLettersRole', []],
    ['VerifyReplicaRole', []],
    ['WatchReplicaRole', []],
    ['DashboardRole', []],
    ['RedriveRole', [CHANGES_TOPIC, SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC]],
    ['ProvisionRole', []],
  ])('let %s write to %j only', (role, topics) => {
    expect(namesOf(role, 'Topic', 'kafka-cluster:WriteData')).toEqual([...topics].sort());
  });

  it('let index-dead-letters report by the groups of its event sources', () => {
    const groups = service.functions['index-dead-letters']?.events?.map(({ msk }) => [
      msk?.topic,
      msk?.consumerGroupId,
    ]);
    expect(groups).toEqual([
      [CHANGES_DEAD_LETTER_TOPIC, CHANGES_DEAD_LETTER_GROUP],
      [SALARIES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_GROUP],
    ]);
  });

  it('let watch-replica look at the groups that write to the target, and not change them', () => {
    expect(service.functions['apply-changes']?.events?.[0]?.msk?.consumerGroupId).toBe(CHANGES_GROUP);
    expect(service.functions['load-salaries']?.events?.[0]?.msk?.consumerGroupId).toBe(SALARIES_GROUP);
    expect(namesOf('WatchReplicaRole', 'Group', 'kafka-cluster:DescribeGroup')).toEqual([
      CHANGES_GROUP,
      SALARIES_GROUP,
    ]);
  });

  it.each(Object.values(service.functions))('let $role read what it is invoked with only', ({ role, events }) => {
    const ofEvents = (events ?? []).flatMap(({ msk }) => (msk ? [msk] : []));
    const ofOwnReads: Readonly<Record<string, readonly string[]>> = {
      WatchReplicaRole: [CHANGES_TOPIC],
      DashboardRole: [CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_TOPIC],
      RedriveRole: [CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC, SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC],
    };
    const topics = [...(ofOwnReads[role] ?? ofEvents.map(({ topic }) => topic))];
    expect(namesOf(role, 'Topic', 'kafka-cluster:ReadData')).toEqual(topics.sort());
    const groups = ofEvents.map(({ consumerGroupId }) => consumerGroupId);
    expect(namesOf(role, 'Group', 'kafka-cluster:AlterGroup')).toEqual(groups.sort());
  });

  it.each(Object.values(service.functions))('name what $role may use, never everything', ({ role }) => {
    for (const { Effect, Action, Resource } of statementsOf(role)) {
      expect(Effect).toBe('Allow');
      // The action has no type of resource.
      const resources = Action === 'kafka:GetBootstrapBrokers' ? [] : list(Resource);
      const wildcards = [...list(Action), ...resources].filter((name) => /\*/.test(name));
      expect(wildcards.filter((name) => !/log-group:.*[a-z]:\*$|:::\$\{SalaryBucket\}\/\*$/.test(name))).toEqual([]);
    }
  });

  it('let only provision read secrets, which are those of the owner of its databases', () => {
    const readers = Object.entries(service.functions).flatMap(([name, { role }]) => {
      const statements = statementsOf(role).filter(({ Action }) => Action === 'secretsmanager:GetSecretValue');
      return statements.map(({ Resource }) => [name, Resource]);
    });
    expect(readers).toEqual([['provision', ['SourceDatabaseSecretArn', 'TargetDatabaseSecretArn']]]);
  });

  it.each(Object.entries(service.functions))(
    'let %s sign in to its own databases, as its own role',
    (name, definition) => {
      const owner = name === 'provision' ? 'employee_streams' : `employee_streams_${name.replaceAll('-', '_')}`;
      const sides = Object.keys(definition.environment).flatMap(
        (key) => /^(SOURCE|TARGET)_DATABASE_URL$/.exec(key)?.[1] ?? [],
      );
      const users = sides.map((side) => definition.environment[`${side}_DATABASE_USER`]);
      expect(users).toEqual(sides.map(() => (name === 'provision' ? undefined : owner)));
      const allowed = statementsOf(definition.role)
        .filter(({ Action }) => Action === 'rds-db:connect')
        .flatMap(({ Resource }) => list(Resource))
        .map((arn) => arn.slice(arn.indexOf(':dbuser:')));
      expect(allowed).toEqual(
        sides.map((side) => `:dbuser:\${${side === 'SOURCE' ? 'Source' : 'Target'}DatabaseResourceId}/${owner}`),
      );
    },
  );
});

describe('serverless.yml and infra', () => {
  it('refer to handlers that exist', () => {
    for (const [name, { handler }] of Object.entries(service.functions)) {
      expect(handler).toBe(`functions/${name}/handler.handler`);
      expect(existsSync(join(ROOT, `functions/${name}/handler.ts`))).toBe(true);
    }
  });

  it('include every template of infra', () => {
    for (const name of TEMPLATES) expect(service.resources).toContain(`\${file(infra/${name}.yml):template}`);
  });
});
