import { hash } from 'node:crypto';
import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { type DeadLetter, encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { describeDeadLetterQueue } from '../../contract/dead-letter-queue.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';

describeDeadLetterQueue('InMemoryDeadLetterQueue', async () => {
  const queue = new InMemoryDeadLetterQueue();
  const encode = (deadLetter: DeadLetter) => {
    const sha256 = deadLetter.payload && hash('sha256', deadLetter.payload);
    return encodeDeadLetter(deadLetter, { at: '2026-11-26T10:00:00.000Z', sha256, traceparent: '00-1-2-00' });
  };
  return { queue, read: async () => queue.deadLetters.map((letter) => JSON.parse(String(encode(letter).value))) };
});

describeDeadLetterQueue('KafkaDeadLetterQueue on InMemoryRecordPublisher', async () => {
  const publisher = new InMemoryRecordPublisher({ 'dead-letters': 1 });
  return {
    queue: new KafkaDeadLetterQueue(publisher, 'dead-letters'),
    read: async () => publisher.recordsOf('dead-letters').map(({ value }) => JSON.parse(String(value))),
  };
});
