import { isDeepStrictEqual } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { KafkaTopicAdmin } from '../../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { eventually } from '../../../support/eventually.ts';
import { endpoints, uniqueName } from '../../../support/servers.ts';

describe('KafkaTopicAdmin', () => {
  const admin = () => new KafkaTopicAdmin({ brokers: endpoints().kafka.brokers, auth: 'none', clientId: 'test' });

  it('creates a topic once when twenty callers do so at the same time', async () => {
    const specification = { topic: uniqueName('wanted'), partitions: 4, config: { 'retention.ms': '60000' } };

    const reports = await Promise.all(Array.from({ length: 20 }, () => admin().createTopics([specification])));

    expect(reports.flat().filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
  });

  it('reports a topic that has fewer partitions than wanted, and leaves it as it is', async () => {
    const topic = uniqueName('fewer');
    await admin().createTopics([{ topic, partitions: 4, config: {} }]);

    expect(await admin().createTopics([{ topic, partitions: 9, config: {} }])).toEqual([
      { topic, outcome: 'exists', partitions: 4, partitionsWanted: 9 },
    ]);
  });

  it('adds the partitions that a topic lacks, and takes none away', async () => {
    const [fewer, more] = [uniqueName('raised'), uniqueName('larger')];
    await admin().createTopics([
      { topic: fewer, partitions: 2, config: {} },
      { topic: more, partitions: 7, config: {} },
    ]);
    const wanted = [fewer, more].map((topic) => ({ topic, partitions: 5 }));
    expect(await admin().addPartitions(wanted)).toEqual([fewer]);
    expect(await admin().addPartitions(wanted)).toEqual([]);
    const reports = await admin().createTopics(wanted.map((each) => ({ ...each, config: {} })));
    expect(reports.map(({ partitions }) => partitions)).toEqual([5, 7]);
  });

  it('gives a new topic and one that exists the enforced configuration, and leaves the rest as it is', async () => {
    const specification = { topic: uniqueName('enforced'), partitions: 1, config: { 'retention.ms': '60000' } };
    const enforced = { 'message.timestamp.type': 'LogAppendTime' };
    const created = { ...specification, topic: uniqueName('created'), enforced };
    const described = jest.spyOn(Admin.prototype, 'describeConfigs');
    await admin().createTopics([specification, created]);
    // A broker that is asked for the settings of a new topic might not know it yet.
    expect(described).not.toHaveBeenCalled();
    await admin().createTopics([{ ...specification, config: {}, enforced }]);
    expect(described).toHaveBeenCalled();

    const kafka = new Kafka({ brokers: [...endpoints().kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await kafka.connect();
    const configNames = ['retention.ms', 'message.timestamp.type'];
    const isEnforced = async () => {
      const { resources } = await kafka.describeConfigs({
        includeSynonyms: false,
        resources: [specification, created].map(({ topic: name }) => ({
          ...{ type: ConfigResourceTypes.TOPIC, name, configNames },
        })),
      });
      const found = resources.map(({ configEntries }) =>
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      );
      return found.every((each) => isDeepStrictEqual(each, { 'retention.ms': '60000', ...enforced }));
    };
    try {
      // The broker learns of it from the controller.
      await eventually(isEnforced, { what: 'the enforced configuration' });
    } finally {
      await kafka.disconnect();
    }
  });

  it('names the topic and the reason when the broker refuses to create it', async () => {
    const topic = uniqueName('odd');

    await expect(admin().createTopics([{ topic, partitions: 1, config: { 'no.such': '1' } }])).rejects.toThrow(
      new RegExp(`${topic}.*no\\.such.*Configuration is invalid`),
    );
  });
});
