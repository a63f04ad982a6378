/** A record as kafkajs decodes it from a fetch response. */
export interface FetchedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  isControlRecord: boolean;
  readonly batchContext?: { readonly producerId?: string; readonly inTransaction?: boolean };
}

/** One partition of a fetch response. Brokers list aborted transactions in the order in which they ended. */
export interface FetchedPartition {
  abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedRecord[];
}

/** The type field of a control record's key, which has two bytes of version and two of type. */
const ABORT = 0;

/**
 * Marks the records of aborted transactions as control records: kafkajs skips these and still advances its offset.
 * kafkajs' own filter has three faults: it assumes that transactions are listed by their first offset, starts at most one
 * of them per record, and treats any record whose key is four zero bytes as an abort marker. With several transactional
 * producers it returns records of aborted transactions.
 */
export function hideAbortedRecords(partition: FetchedPartition): void {
  const { abortedTransactions, messages } = partition;
  if (!abortedTransactions || abortedTransactions.length === 0) return;
  const upcoming = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const abortingProducers = new Set<string>();
  for (const message of messages) {
    const offset = BigInt(message.offset);
    for (let next = upcoming[0]; next !== undefined && next.firstOffset <= offset; next = upcoming[0]) {
      abortingProducers.add(next.producerId);
      upcoming.shift();
    }
    const { producerId = '', inTransaction = false } = message.batchContext ?? {};
    if (!message.isControlRecord) message.isControlRecord = inTransaction && abortingProducers.has(producerId);
    else if (message.key?.readInt16BE(2) === ABORT) abortingProducers.delete(producerId);
  }
  // kafkajs' own filter has nothing left to do.
  partition.abortedTransactions = [];
}
