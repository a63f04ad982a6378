import type { DeadLetter } from '../core/dead-letter.ts';

/**
 * Stores records, rows and files that can never succeed, with the reason.
 *
 * Delivery: at least once. A retry may publish a dead letter again. The repetition has the same origin.
 */
export interface DeadLetterQueue {
  /**
   * Resolves when Kafka has acknowledged every dead letter. Only then may the caller move past the records.
   *
   * @throws as `RecordPublisher.publish`.
   */
  publish(deadLetters: readonly DeadLetter[]): Promise<void>;
}
