import type { DeadLetter } from '../../functions/core/dead-letter.ts';
import type { DeadLetterQueue } from '../../functions/ports/dead-letter-queue.ts';

/** Keeps dead letters. A publish may be held back or made to fail. */
export class InMemoryDeadLetterQueue implements DeadLetterQueue {
  readonly deadLetters: DeadLetter[] = [];
  /** Called before each publish takes effect. */
  onPublish: () => void | Promise<void> = () => {};

  async publish(deadLetters: readonly DeadLetter[]): Promise<void> {
    await this.onPublish();
    this.deadLetters.push(...deadLetters);
  }
}
