import { CONDITION_NOT_STORED, describeFailure, failureReason } from '../core/condition.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';

/** The condition of the poller as a whole. Its handler reports what ends an invocation under the same id. */
const ID = 'poll-changes';

/** Shows what a running poller retries, and clears it once polling works, whichever poller has reported it. */
export class RetryCondition {
  readonly #conditions: ConditionStore;
  readonly #logger: Logger;
  #isCleared = false;
  #pending: Promise<void> = Promise.resolve();

  constructor(conditions: ConditionStore, logger: Logger) {
    this.#conditions = conditions;
    this.#logger = logger;
  }

  report(error: unknown): Promise<void> {
    this.#isCleared = false;
    return this.#inOrder(() => this.#conditions.report({ id: ID, ...describeFailure(ID, error) }));
  }

  /** Cheap to call at every read: writes at the first success of this poller, and at the first one after each failure. */
  clear(): void {
    if (this.#isCleared) return;
    this.#isCleared = true;
    void this.#inOrder(() => this.#conditions.clear(ID));
  }

  /** Resolves when nothing is under way any more. */
  settle(): Promise<void> {
    return this.#pending;
  }

  /** One call after the other, so that an older report cannot overwrite a later clear. */
  #inOrder(call: () => Promise<void>): Promise<void> {
    this.#pending = this.#pending.then(call).catch((error) => {
      this.#logger.warn(CONDITION_NOT_STORED, { reason: failureReason(error) });
    });
    return this.#pending;
  }
}
