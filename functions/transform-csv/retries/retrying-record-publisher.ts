import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';
import { type RetryDependencies, withRetries } from './with-retries.ts';

/** Publishes again after a failure. A record may then be on the topic twice; a repetition has the same row identity. */
export class RetryingRecordPublisher implements RecordPublisher {
  readonly #publisher: RecordPublisher;
  readonly #deps: RetryDependencies;

  constructor(publisher: RecordPublisher, dependencies: RetryDependencies) {
    this.#publisher = publisher;
    this.#deps = dependencies;
  }

  publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]> {
    return withRetries('publish', () => this.#publisher.publish(topic, records), this.#deps);
  }
}
