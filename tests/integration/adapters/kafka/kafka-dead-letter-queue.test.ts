import { KafkaDeadLetterQueue } from '../../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { describeDeadLetterQueue } from '../../../contract/dead-letter-queue.ts';
import { createTopic, endpoints } from '../../../support/servers.ts';
import { readTopic } from '../../../support/topic-records.ts';

let publisher: KafkaRecordPublisher;
beforeAll(() => {
  const { brokers } = endpoints().kafka;
  publisher = new KafkaRecordPublisher({ brokers, auth: 'none', clientId: 'test' });
});
afterAll(() => publisher.disconnect());

describeDeadLetterQueue('KafkaDeadLetterQueue', async () => {
  const { brokers } = endpoints().kafka;
  const topic = await createTopic('dead-letters', 1);
  return {
    queue: new KafkaDeadLetterQueue(publisher, topic),
    read: async () => (await readTopic(brokers, topic)).map(({ value }) => JSON.parse(String(value))),
  };
});
