import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Migration } from '../../../functions/ports/schema-migrator.ts';
import type { TopicSpecification } from '../../../functions/ports/topic-admin.ts';
import {
  Provisioner,
  type ProvisionerDependencies,
  raisePartitions,
} from '../../../functions/provision/provisioner.ts';

const DAY_MS = 86_400_000;

/** Servers that are up to date, and one migration for each database. */
const upToDate: ProvisionerDependencies = {
  source: { migrate: async () => [] },
  target: { migrate: async () => [] },
  capture: { install: async () => [] },
  roles: { source: { install: async () => [] }, target: { install: async () => [] } },
  topics: { createTopics: async () => [] },
  readMigrations: async (database) => [{ name: `0001_${database}`, sql: '' }],
  partitions: 6,
};
const unreachable = () => Promise.reject(new Error('unreachable'));

describe('Provisioner', () => {
  it('migrates both databases, creates the topics and reports what it did', async () => {
    let wanted: readonly TopicSpecification[] = [];
    const applied: string[] = [];
    const apply = (migrations: readonly Migration[]) => {
      const names = migrations.map(({ name }) => name);
      applied.push(...names);
      return names;
    };
    const provisioner = new Provisioner({
      ...upToDate,
      source: { migrate: async (migrations) => apply(migrations) },
      target: { migrate: async (migrations) => apply(migrations) },
      capture: {
        install: async ([file]) => {
          const mended = `${file?.name} after ${applied.find((name) => name.endsWith('source'))}`;
          applied.push('capture');
          return [mended];
        },
      },
      roles: {
        source: { install: async ([file]) => [`${file?.name} after ${applied.at(-1)}`] },
        target: { install: async ([file]) => [`${file?.name}`] },
      },
      topics: {
        createTopics: async (topics) => {
          wanted = topics;
          return topics.map(({ topic, partitions }) => ({
            topic,
            partitions,
            partitionsWanted: partitions,
            outcome: 'created' as const,
          }));
        },
      },
      partitions: 3,
    });
    const report = await provisioner.provision();
    expect(report.migrations).toEqual({ source: ['0001_source'], target: ['0001_target'] });
    expect(report.mendedCapture).toEqual(['0001_capture after 0001_source']);
    expect(report.roles).toEqual({
      source: ['0001_source-grants after capture'],
      target: ['0001_target-grants'],
    });
    expect(report.topics).toHaveLength(4);
    expect(wanted.map(({ topic, config }) => [topic, Number(config['retention.ms']) / DAY_MS])).toEqual([
      ['employee-salaries', 14],
      ['employee-changes', 14],
      ['employee-salaries.dead-letter', 30],
      ['employee-changes.dead-letter', 30],
    ]);
    for (const { config } of wanted) expect(config['retention.bytes']).toBe('-1');
    for (const { partitions, config, enforced } of wanted) {
      expect(partitions).toBe(3);
      expect(enforced).toEqual({ 'message.timestamp.type': 'LogAppendTime' });
      expect(config['cleanup.policy']).toBe('delete');
    }
  });

  it.each<[string, Partial<ProvisionerDependencies>]>([
    ['the source', { source: { migrate: unreachable } }],
    ['the target', { target: { migrate: unreachable } }],
    ['the source, when the capture is installed,', { capture: { install: unreachable } }],
    ['the source, when the roles are installed,', { roles: { ...upToDate.roles, source: { install: unreachable } } }],
    ['the target, when the roles are installed,', { roles: { ...upToDate.roles, target: { install: unreachable } } }],
    ['Kafka', { topics: { createTopics: unreachable } }],
    ['the folder of migrations', { readMigrations: unreachable }],
  ])('fails when %s is unreachable', async (_, broken) => {
    await expect(new Provisioner({ ...upToDate, ...broken }).provision()).rejects.toThrow('unreachable');
  });

  it('fails only after what it began elsewhere has ended, so that a repetition does not overlap it', async () => {
    const migration = Promise.withResolvers<readonly string[]>();
    let isOver = false;
    const provisioner = new Provisioner({
      ...upToDate,
      source: { migrate: () => migration.promise },
      topics: { createTopics: unreachable },
    });
    const provisioning = provisioner.provision().finally(() => {
      isOver = true;
    });
    await nextTurn();
    expect(isOver).toBe(false);
    migration.resolve([]);
    await expect(provisioning).rejects.toThrow('unreachable');
  });
});

it('raisePartitions asks for the partitions of all four topics', async () => {
  const asked: number[] = [];
  const topics = {
    addPartitions: async (specifications: readonly Pick<TopicSpecification, 'topic' | 'partitions'>[]) => {
      asked.push(...specifications.map(({ partitions }) => partitions));
      return ['employee-changes'];
    },
  };
  expect(await raisePartitions(topics, 12)).toEqual(['employee-changes']);
  expect(asked).toEqual([12, 12, 12, 12]);
});
