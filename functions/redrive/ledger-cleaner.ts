import { failureReason } from '../core/condition.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterRetention } from '../ports/dead-letter-retention.ts';
import type { Logger } from '../ports/logger.ts';

/**
 * Longer than a dead letter can be on its topic: 30 days, and up to a week until Kafka closes the segment that it is in.
 * Otherwise an index that is built again would show what is decided as open.
 */
const LEDGER_RETENTION_DAYS = 45;

/** Smaller: more scans of the ledger. Larger: what is old stays longer. */
const CLEAN_INTERVAL_MS = 60 * 60 * 1_000;

/** While old ones are left. The schedule calls each minute. */
const CONTINUE_INTERVAL_MS = 50_000;

/** Deletes old dead letters and redrives, so that the ledger does not grow without limit. */
export class LedgerCleaner {
  readonly #retention: DeadLetterRetention;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #dueAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    retention: DeadLetterRetention,
    clock: Pick<Clock, 'monotonicMs'>,
    logger: Pick<Logger, 'info' | 'warn'>,
  ) {
    this.#retention = retention;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Only logs an error, because redrives work without it, and status would otherwise show that they fail. */
  async cleanWhenDue(): Promise<void> {
    if (this.#clock.monotonicMs() < this.#dueAtMs) return;
    let waitMs = CLEAN_INTERVAL_MS;
    try {
      const { isComplete, ...deleted } = await this.#retention.deleteOlderThan(LEDGER_RETENTION_DAYS);
      if (!isComplete) waitMs = CONTINUE_INTERVAL_MS;
      if (deleted.deadLetters + deleted.redrives > 0)
        this.#logger.info('old dead letters and redrives deleted', deleted);
    } catch (error) {
      this.#logger.warn('old dead letters could not be deleted', { reason: failureReason(error), retryMs: waitMs });
    }
    this.#dueAtMs = this.#clock.monotonicMs() + waitMs;
  }
}
