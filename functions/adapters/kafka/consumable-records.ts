import type { OffsetRange } from '../../core/offset-range.ts';

/** The part of a batch in a fetch response that decides whether consumers receive its records. */
export interface FetchedBatch {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly producerId: bigint;
  readonly records: readonly { readonly offsetDelta: number; readonly key: Buffer | null }[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;
/** The type in the key of a control record, which has two bytes of version and two of type. */
const ABORT = 0;

/** A record with its offset and its batch. */
export interface ConsumableRecord<Batch extends FetchedBatch> {
  readonly offset: bigint;
  readonly record: Batch['records'][number];
  readonly batch: Batch;
}

/**
 * The records that a consumer of committed records receives at these offsets.
 *
 * @param batches of one response, in the order of their offsets. The response begins at or before the offsets.
 */
export function* consumableRecords<Batch extends FetchedBatch>(
  batches: readonly Batch[],
  abortedTransactions: readonly AbortedTransaction[],
  { first, next }: OffsetRange,
): Generator<ConsumableRecord<Batch>, void, undefined> {
  const aborting = new Set<bigint>();
  const upcoming = [...abortedTransactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  for (const batch of batches) {
    const { firstOffset, lastOffsetDelta, attributes, producerId, records } = batch;
    const lastOffset = firstOffset + BigInt(lastOffsetDelta);
    while (upcoming[0] && upcoming[0].firstOffset <= lastOffset) {
      const begun = upcoming.shift();
      if (begun) aborting.add(begun.producerId);
    }
    if ((attributes & IS_CONTROL) !== 0) {
      if (records[0]?.key?.readInt16BE(2) === ABORT) aborting.delete(producerId);
      continue;
    }
    if ((attributes & IS_TRANSACTIONAL) !== 0 && aborting.has(producerId)) continue;
    for (const record of records) {
      const offset = firstOffset + BigInt(record.offsetDelta);
      if (offset >= first && offset < next) yield { offset, record, batch };
    }
  }
}

/** Whether a consumer that reads committed records receives a record at one of the offsets. */
export function hasConsumableRecords(
  batches: readonly FetchedBatch[],
  abortedTransactions: readonly AbortedTransaction[],
  range: OffsetRange,
): boolean {
  return consumableRecords(batches, abortedTransactions, range).next().done === false;
}
