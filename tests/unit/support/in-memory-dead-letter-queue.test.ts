import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { describeDeadLetterQueue } from '../../contract/dead-letter-queue.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';

describeDeadLetterQueue('InMemoryDeadLetterQueue', async () => {
  const queue = new InMemoryDeadLetterQueue();
  return { queue, read: async () => queue.deadLetters.map((deadLetter) => JSON.parse(encodeDeadLetter(deadLetter))) };
});

describeDeadLetterQueue('KafkaDeadLetterQueue on InMemoryRecordPublisher', async () => {
  const publisher = new InMemoryRecordPublisher({ 'dead-letters': 1 });
  return {
    queue: new KafkaDeadLetterQueue(publisher, 'dead-letters'),
    read: async () => publisher.recordsOf('dead-letters').map(({ value }) => JSON.parse(String(value))),
  };
});
