import { classifyError } from '../core/classify-error.ts';
import { entryOf, unreadableEntryOf } from '../core/dead-letter-entry.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import type { DeadLetterLedger } from '../ports/dead-letter-ledger.ts';

export interface IndexResult {
  readonly received: number;
  /** Records, rows and files that had not failed before. */
  readonly added: number;
  /** Those that have failed again. */
  readonly updated: number;
}

/** Keeps the ledger of dead letters equal to the dead-letter topics. A batch may be indexed again, late or out of order. */
export class DeadLetterIndexer {
  readonly #ledger: Pick<DeadLetterLedger, 'index'>;

  constructor(ledger: Pick<DeadLetterLedger, 'index'>) {
    this.#ledger = ledger;
  }

  /** @throws while the database is unavailable. The event source then retries the batch. */
  async index(records: readonly KafkaRecord[]): Promise<IndexResult> {
    try {
      return { received: records.length, ...(await this.#ledger.index(records.map(entryOf))) };
    } catch (error) {
      if (classifyError(error) !== 'permanent') throw error;
      return this.#indexEach(records);
    }
  }

  /** A dead letter that the database refuses must not hold up the others. The ledger then has only its place. */
  async #indexEach(records: readonly KafkaRecord[]): Promise<IndexResult> {
    let [added, updated] = [0, 0];
    for (const record of records) {
      const counts = await this.#ledger.index([entryOf(record)]).catch((error) => {
        if (classifyError(error) !== 'permanent') throw error;
        return this.#ledger.index([unreadableEntryOf(record)]);
      });
      added += counts.added;
      updated += counts.updated;
    }
    return { received: records.length, added, updated };
  }
}
