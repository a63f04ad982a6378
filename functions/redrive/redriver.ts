import type { ClaimedDeadLetter, Redrive } from '../core/redrive.ts';
import type { DeadLetterRetention } from '../ports/dead-letter-retention.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { Logger } from '../ports/logger.ts';
import type { DeadLetterPosition, RedriveLedger } from '../ports/redrive-ledger.ts';
import { LedgerCleaner } from './ledger-cleaner.ts';
import { limitBytes } from './limit-bytes.ts';
import type { OutcomeSettler } from './outcome-settler.ts';
import { Ownership } from './ownership.ts';
import { Pace } from './pace.ts';
import type { RedriveBatch } from './redrive-batch.ts';
import type { Step } from './step.ts';

export interface RedriverDependencies {
  readonly ledger: RedriveLedger;
  readonly batch: RedriveBatch;
  readonly settler: OutcomeSettler;
  readonly retention: DeadLetterRetention;
  /** Invokes this same function. */
  readonly redrive: FunctionInvoker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Time reserved at the end of an invocation, for the batch in flight and for invoking the function again. */
  readonly marginMs: number;
}

/**
 * `busy`: another invocation works on it. `continued`: another invocation continues. `stopped`: it was cancelled, or another
 * invocation has taken over. `published`: everything is published.
 */
export type RunOutcome = 'busy' | 'continued' | 'stopped' | 'published';

/**
 * How long the owner of a redrive may be silent; see `Ownership`. Smaller: a slow owner is replaced while it works. Larger: a
 * redrive stands still for longer after a crash.
 */
export const STALE_OWNER_MS = 30_000;

/** For how long an invocation waits for outcomes after it has published. Later ones are decided by the schedule. */
const SETTLE_FOR_MS = 30_000;
/** Smaller: more queries, while the consumer is busy with the records. Larger: outcomes are shown later. */
const SETTLE_INTERVAL_MS = 1_000;

interface PreparedBatch {
  readonly batch: readonly ClaimedDeadLetter[];
  readonly steps: readonly Step[];
}

/**
 * Publishes the dead letters of a redrive to the topics that they came from, batch by batch.
 *
 * Safe to stop at any point: a batch is recorded after it is acknowledged, so at most one batch is published again. Safe to
 * run twice at once: a record that was published twice is applied once, and counted once.
 */
export class Redriver {
  readonly #deps: RedriverDependencies;
  readonly #cleaner: LedgerCleaner;

  constructor(dependencies: RedriverDependencies) {
    this.#deps = dependencies;
    this.#cleaner = new LedgerCleaner(dependencies.retention, dependencies.clock, dependencies.logger);
  }

  /**
   * Works on a redrive until everything is published and decided, or until the time of the invocation runs short.
   *
   * @param owner a name that no other invocation has.
   * @throws a transient error; the redrive continues with the next invocation.
   */
  async run(redriveId: string, owner: string, deadline: Deadline): Promise<RunOutcome> {
    const { ledger, logger, redrive: self, marginMs } = this.#deps;
    const redrive = await ledger.acquire(redriveId, owner, STALE_OWNER_MS);
    if (redrive === null) return 'busy';
    const marginOfThisMs = Math.min(marginMs, deadline.remainingMs() / 4);
    const ownership = new Ownership(this.#deps, redriveId, owner);
    let outcome: RunOutcome;
    try {
      outcome = await this.#publish(redrive, owner, ownership, () => deadline.remainingMs() < marginOfThisMs);
    } catch (error) {
      await ledger.release(redriveId, owner).catch(() => {});
      throw error;
    } finally {
      ownership.end();
    }
    logger.info('redrive worked on', { redriveId, outcome });
    if (outcome === 'continued') {
      await ledger.release(redriveId, owner);
      await self.invokeAsync({ action: 'run', redriveId });
    } else if (outcome === 'published') {
      await ledger.finishPublishing(redriveId, owner);
      await this.#settle(redriveId, () => deadline.remainingMs() < marginOfThisMs);
    }
    return outcome;
  }

  /** Takes up a redrive that stands still, decides about everything that can be decided now, and deletes what is old. */
  async resume(owner: string, deadline: Deadline): Promise<RunOutcome | 'idle'> {
    const { ledger, settler } = this.#deps;
    const abandoned = await ledger.findAbandoned(STALE_OWNER_MS);
    const outcome = abandoned === null ? 'idle' : await this.run(abandoned.redriveId, owner, deadline);
    await settler.settle();
    await this.#cleaner.cleanWhenDue();
    return outcome;
  }

  async #publish(
    redrive: Redrive,
    owner: string,
    ownership: Ownership,
    isTimeShort: () => boolean,
  ): Promise<RunOutcome> {
    const { ledger, batch: work } = this.#deps;
    const { redriveId } = redrive;
    const pace = new Pace(this.#deps.clock, redrive.rate);
    let position: DeadLetterPosition | null = null;
    let next = this.#prepareNext(redriveId, position, pace.batchLimit);
    for (;;) {
      const prepared = await next;
      if (prepared === null) {
        // Dead letters that were published again meanwhile may lie before the position.
        if (position === null) return 'published';
        position = null;
        next = this.#prepareNext(redriveId, position, pace.batchLimit);
        continue;
      }
      if (isTimeShort()) return 'continued';
      if (!(await ownership.isHeld())) return 'stopped';
      position = prepared.batch.at(-1) as DeadLetterPosition;
      // Reads the next batch while this one is published. Reading changes nothing.
      next = this.#prepareNext(redriveId, position, pace.batchLimit);
      // Its error is thrown by the next round, if there is one.
      next.catch(() => {});
      const outcome = await work.execute(prepared.steps);
      if (!(await ledger.recordBatch(redriveId, owner, outcome))) return 'stopped';
      await pace.wait(prepared.batch.length);
    }
  }

  async #prepareNext(
    redriveId: string,
    after: DeadLetterPosition | null,
    limit: number,
  ): Promise<PreparedBatch | null> {
    const batch = limitBytes(await this.#deps.ledger.nextBatch(redriveId, after, limit));
    return batch.length === 0 ? null : { batch, steps: await this.#deps.batch.prepare(batch) };
  }

  async #settle(redriveId: string, isTimeShort: () => boolean): Promise<void> {
    const { clock, ledger, settler } = this.#deps;
    const untilMs = clock.monotonicMs() + SETTLE_FOR_MS;
    for (;;) {
      await settler.settle();
      const redrive = await ledger.find(redriveId);
      if (redrive?.finishedAt != null || clock.monotonicMs() > untilMs || isTimeShort()) return;
      await clock.sleep(SETTLE_INTERVAL_MS);
    }
  }
}
