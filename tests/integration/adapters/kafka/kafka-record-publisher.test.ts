import { KafkaRecordPublisher } from '../../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { describeRecordPublisher } from '../../../contract/record-publisher.ts';
import { endpoints, uniqueName } from '../../../support/servers.ts';
import { readTopic } from '../../../support/topic-records.ts';

describe('KafkaRecordPublisher', () => {
  const settings = () => ({ brokers: endpoints().kafka.brokers, auth: 'none', clientId: 'test' }) as const;

  describeRecordPublisher(() => {
    const publisher = new KafkaRecordPublisher(settings());
    return {
      publisher,
      createTopic: async (topic, partitions) => {
        await new KafkaTopicAdmin(settings()).createTopics([{ topic, partitions, config: {} }]);
      },
      readTopic: (topic) => readTopic(settings().brokers, topic),
      close: () => publisher.disconnect(),
    };
  }, uniqueName);
});
