import { type DeadLetter, deadLetterKey, encodeDeadLetter } from '../../core/dead-letter.ts';
import type { DeadLetterQueue } from '../../ports/dead-letter-queue.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';

/** Publishes dead letters as JSON to one topic, under the key of their record. */
export class KafkaDeadLetterQueue implements DeadLetterQueue {
  readonly #publisher: RecordPublisher;
  readonly #topic: string;

  constructor(publisher: RecordPublisher, topic: string) {
    this.#publisher = publisher;
    this.#topic = topic;
  }

  async publish(deadLetters: readonly DeadLetter[]): Promise<void> {
    const records = deadLetters.map((deadLetter) => ({
      key: deadLetterKey(deadLetter),
      value: encodeDeadLetter(deadLetter),
    }));
    await this.#publisher.publish(this.#topic, records);
  }
}
