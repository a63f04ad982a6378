import { type DeadLetter, deadLetterKey, encodeDeadLetter } from '../../core/dead-letter.ts';
import type { RecordPublisher } from './record-publisher.ts';

/** Puts dead letters on the one topic they belong to. */
export class DeadLetterPublisher {
  readonly #publisher: Pick<RecordPublisher, 'publish'>;
  readonly #topic: string;

  constructor(publisher: Pick<RecordPublisher, 'publish'>, topic: string) {
    this.#publisher = publisher;
    this.#topic = topic;
  }

  /** Resolves when the broker has acknowledged every letter; only then may the caller go on past the records. */
  async publish(letters: readonly DeadLetter[]): Promise<void> {
    await this.#publisher.publish(
      this.#topic,
      letters.map((letter) => ({ key: deadLetterKey(letter), value: encodeDeadLetter(letter) })),
    );
  }
}
