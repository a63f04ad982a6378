/** A record as kafkajs decodes it out of a fetch, with what its batch says of the transaction. */
export interface FetchedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  isControlRecord: boolean;
  readonly batchContext?: { readonly producerId?: string; readonly inTransaction?: boolean };
}

/** What a broker answers for one partition. It names aborted transactions in the order of their ends. */
export interface FetchedPartition {
  abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedRecord[];
}

/** Of a control record's key: two bytes of version, two of type. */
const ABORT = 0;

/**
 * Marks the records of aborted transactions as control records, which kafkajs passes over while its offset moves on.
 * kafkajs' own filter takes the transactions to be in the order of their beginnings, begins one of them a record, and
 * sees the end of one in any record whose key is four zero bytes: with two producers at a time it lets records through
 * that no consumer may see.
 */
export function hideAbortedRecords(partition: FetchedPartition): void {
  const { abortedTransactions, messages } = partition;
  if (!abortedTransactions || abortedTransactions.length === 0) return;
  const waiting = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborting = new Set<string>();
  for (const message of messages) {
    const offset = BigInt(message.offset);
    for (let next = waiting[0]; next !== undefined && next.firstOffset <= offset; next = waiting[0]) {
      aborting.add(next.producerId);
      waiting.shift();
    }
    const { producerId = '', inTransaction = false } = message.batchContext ?? {};
    if (!message.isControlRecord) message.isControlRecord = inTransaction && aborting.has(producerId);
    else if (message.key?.readInt16BE(2) === ABORT) aborting.delete(producerId);
  }
  partition.abortedTransactions = [];
}
