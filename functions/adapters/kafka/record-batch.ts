import type { Message } from 'kafkajs';

/**
 * The records of one partition that travel as one Kafka record batch.
 *
 * To kafkajs it is the array of messages that it expects. Only the reduction is its own: kafkajs groups messages by
 * partition in a reduction that copies the group for each message, which is quadratic, and it does so anew before each
 * attempt, which makes this the one place where attempts that nobody waits for any more can be ended.
 */
export class RecordBatch extends Array<Message> {
  /** What is derived from a batch is an ordinary array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  readonly partition: number;
  readonly #isAbandoned: () => boolean;

  constructor(partition: number, isAbandoned: () => boolean) {
    super();
    this.partition = partition;
    this.#isAbandoned = isAbandoned;
  }

  /** The messages by partition, whatever reduction is asked for; `never` is what satisfies all of Array's signatures. */
  override reduce(): never {
    if (this.#isAbandoned()) {
      throw Object.assign(new Error('the records were given up while they were being sent'), { retriable: false });
    }
    return { [this.partition]: this } as never;
  }
}
