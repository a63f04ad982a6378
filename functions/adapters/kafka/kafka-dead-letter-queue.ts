import { hash, randomBytes } from 'node:crypto';
import { type DeadLetter, encodeDeadLetter } from '../../core/dead-letter.ts';
import type { DeadLetterQueue } from '../../ports/dead-letter-queue.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';

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

/** W3C Trace Context: a new trace whose spans nothing has sampled. All dead letters of one call share it. */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}
