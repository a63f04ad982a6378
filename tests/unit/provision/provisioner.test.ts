import { Provisioner, type TopicSpecification } from '../../../functions/provision/provisioner.ts';

const DAY_MS = 86_400_000;

describe('Provisioner', () => {
  it('migrates both databases, creates the topics and tells what there was to do', async () => {
    let wanted: readonly TopicSpecification[] = [];
    const provisioner = new Provisioner(
      {
        migrateSource: async () => ['0001_source'],
        migrateTarget: async () => [],
        createTopics: async (topics) => {
          wanted = topics;
          return topics.map(({ topic, partitions }) => ({ topic, partitions, outcome: 'created' }));
        },
      },
      3,
    );
    const report = await provisioner.provision();
    expect(report.migrations).toEqual({ source: ['0001_source'], target: [] });
    expect(report.topics).toHaveLength(4);
    expect(wanted.map(({ topic, config }) => [topic, Number(config['retention.ms']) / DAY_MS])).toEqual([
      ['employee-salaries', 14],
      ['employee-changes', 14],
      ['employee-salaries.dead-letter', 30],
      ['employee-changes.dead-letter', 30],
    ]);
    for (const { partitions, config } of wanted) {
      expect(partitions).toBe(3);
      expect(config['cleanup.policy']).toBe('delete');
    }
  });

  it.each(['migrateSource', 'migrateTarget', 'createTopics'] as const)('fails when %s does', async (part) => {
    const infrastructure = {
      migrateSource: async () => [],
      migrateTarget: async () => [],
      createTopics: async () => [],
      [part]: () => Promise.reject(new Error('away')),
    };
    await expect(new Provisioner(infrastructure, 6).provision()).rejects.toThrow('away');
  });
});
