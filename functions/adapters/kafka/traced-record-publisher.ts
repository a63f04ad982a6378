import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import { headerText, TRACE_HEADER } from '../../core/record-headers.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';
import { newTraceparent } from './traceparent.ts';

/**
 * Begins a trace with each call: its first record has a `traceparent`, unless it has one already.
 *
 * Only the first one, because a header in each change would cost a third more to encode and half more to receive: an event
 * has its bytes as numbers. The epoch and id of a change are what correlates single ones.
 */
export class TracedRecordPublisher implements RecordPublisher {
  readonly #publisher: RecordPublisher;

  constructor(publisher: RecordPublisher) {
    this.#publisher = publisher;
  }

  publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]> {
    const [first, ...others] = records;
    if (first === undefined || headerText(first.headers, TRACE_HEADER) !== undefined) {
      return this.#publisher.publish(topic, records);
    }
    const headers = [...(first.headers ?? []), [TRACE_HEADER, Buffer.from(newTraceparent())] as const];
    return this.#publisher.publish(topic, [{ ...first, headers }, ...others]);
  }
}
