import { Admin } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaTopicInspector } from '../../../../functions/adapters/kafka/kafka-topic-inspector.ts';
import { describeTopicInspector } from '../../../contract/topic-inspector.ts';
import { eventually } from '../../../support/eventually.ts';
import { endpoints, uniqueName } from '../../../support/servers.ts';

describeTopicInspector(
  'KafkaTopicInspector',
  async () => {
    const { brokers } = endpoints().kafka;
    const inspector = new KafkaTopicInspector({ brokers, auth: 'none', clientId: 'test' });
    const kafka = new Kafka({ clientId: 'test', brokers: [...brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    // That of kafkajs joins the group to set an offset, which takes seconds.
    const groupAdmin = new Admin({ clientId: 'test', bootstrapBrokers: [...brokers] });
    const producers = [
      kafka.producer(),
      kafka.producer({ transactionalId: uniqueName('transactional'), idempotent: true, maxInFlightRequests: 1 }),
    ] as const;
    await Promise.all([admin.connect(), ...producers.map((producer) => producer.connect())]);
    return {
      inspector,
      createTopic: async (topic, numPartitions) => {
        await eventually(() => admin.createTopics({ topics: [{ topic, numPartitions }] }));
        await eventually(async () => (await admin.fetchTopicOffsets(topic)).length === numPartitions);
      },
      deleteTopic: async (topic) => {
        await admin.deleteTopics({ topics: [topic] });
        await eventually(async () => !(await admin.listTopics()).includes(topic));
      },
      addPartitions: async (topic, count) => {
        await admin.createPartitions({ topicPartitions: [{ topic, count }] });
        await eventually(async () => (await admin.fetchTopicOffsets(topic)).length === count);
      },
      write: async (topic, partition, count, ending) => {
        const messages = Array.from({ length: count }, () => ({ value: 'v', partition }));
        if (ending === undefined) {
          await producers[0].send({ topic, messages });
          return;
        }
        const endOffset = async () =>
          Number((await admin.fetchTopicOffsets(topic)).find((each) => each.partition === partition)?.high);
        const before = await endOffset();
        const transaction = await producers[1].transaction();
        await transaction.send({ topic, messages });
        await transaction[ending]();
        // The broker writes the end of the transaction, one offset, after it has answered.
        await eventually(async () => (await endOffset()) === before + count + 1);
      },
      deleteRecords: async (topic, partition, before) => {
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
      },
      commitOffset: async (groupId, topic, partition, offset) => {
        const topics = [{ name: topic, partitionOffsets: [{ partition, offset }] }];
        await groupAdmin.alterConsumerGroupOffsets({ groupId, topics });
      },
      close: async () => {
        await Promise.all([
          inspector.disconnect(),
          groupAdmin.close(),
          admin.disconnect(),
          ...producers.map((producer) => producer.disconnect()),
        ]);
      },
    };
  },
  uniqueName,
);
