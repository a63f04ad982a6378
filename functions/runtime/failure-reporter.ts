import { CONDITION_NOT_STORED, describeFailure, failureReason } from '../core/condition.ts';
import type { Condition, ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';

/** What one invocation works on: its failure is a condition with this id. */
export type WorkItem = Pick<Condition, 'id' | 'waitingRecord'>;

/** Reports the failures of a function as conditions, and clears those that it has reported when the work succeeds. */
export class FailureReporter {
  readonly #name: string;
  readonly #store: ConditionStore;
  readonly #logger: Logger;
  readonly #reportedIds = new Set<string>();

  constructor(name: string, store: ConditionStore, logger: Logger) {
    this.#name = name;
    this.#store = store;
    this.#logger = logger;
  }

  async failed(work: readonly WorkItem[], error: unknown): Promise<void> {
    const failure = describeFailure(this.#name, error);
    await this.#tolerate(
      work.map(async (item) => {
        this.#reportedIds.add(item.id);
        await this.#store.report({ ...item, ...failure });
      }),
    );
  }

  async succeeded(work: readonly WorkItem[]): Promise<void> {
    const reported = work.filter(({ id }) => this.#reportedIds.has(id));
    await this.#tolerate(
      reported.map(async ({ id }) => {
        await this.#store.clear(id);
        this.#reportedIds.delete(id);
      }),
    );
  }

  /** A condition that cannot be stored is logged, because the outcome of the invocation matters more. */
  async #tolerate(calls: readonly Promise<void>[]): Promise<void> {
    for (const call of await Promise.allSettled(calls)) {
      if (call.status === 'rejected') {
        this.#logger.warn(CONDITION_NOT_STORED, { reason: failureReason(call.reason) });
      }
    }
  }
}
