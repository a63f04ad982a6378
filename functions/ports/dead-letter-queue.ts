import type { DeadLetter } from '../core/dead-letter.ts';

/**
 * Keeps records, rows and files that can never succeed, with the reason.
 *
 * Delivery: at least once. A retry may publish the dead letter of one record again; its origin tells repetitions apart.
 */
export interface DeadLetterQueue {
  /**
   * Resolves when Kafka has acknowledged every dead letter. Only then may the caller move past the records.
   *
   * @throws as `RecordPublisher.publish`.
   */
  publish(deadLetters: readonly DeadLetter[]): Promise<void>;
}
