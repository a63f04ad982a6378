import { hash } from 'node:crypto';
import { type DeadLetter, encodeDeadLetter } from '../../core/dead-letter.ts';
import type { DeadLetterQueue } from '../../ports/dead-letter-queue.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';
import { newTraceparent } from './traceparent.ts';

/** Publishes dead letters as JSON to one topic, under the key of their record. */
export class KafkaDeadLetterQueue implements DeadLetterQueue {
  readonly #publisher: RecordPublisher;
  readonly #topic: string;
  readonly #group: string | undefined;

  /** @param group the consumer group that gives up; `undefined` when the dead letters are rows of a file. */
  constructor(publisher: RecordPublisher, topic: string, group?: string) {
    this.#publisher = publisher;
    this.#topic = topic;
    this.#group = group;
  }

  async publish(deadLetters: readonly DeadLetter[]): Promise<void> {
    if (deadLetters.length === 0) return;
    const stamp = {
      at: new Date().toISOString(),
      traceparent: newTraceparent(),
      ...(this.#group !== undefined && { group: this.#group }),
    };
    const records = deadLetters.map((deadLetter) => {
      const { payload } = deadLetter;
      return encodeDeadLetter(deadLetter, { ...stamp, sha256: payload && hash('sha256', payload) });
    });
    await this.#publisher.publish(this.#topic, records);
  }
}
