import type { RetryDependencies } from '../../../../functions/transform-csv/retries/with-retries.ts';

export const unreachable = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** Steps that fail a number of times before they succeed. Waiting moves the clock, and so may each attempt. */
export class FailingSteps {
  /** Names of the steps attempted, in order. */
  readonly attempts: string[] = [];
  /** Steps of which the log says that they are retried. */
  readonly retried: unknown[] = [];
  nowMs = 0;
  readonly #failures: number;
  readonly #createError: () => Error;
  readonly #attemptMs: number;

  constructor(failures: number, { createError = unreachable, attemptMs = 0 } = {}) {
    this.#failures = failures;
    this.#createError = createError;
    this.#attemptMs = attemptMs;
  }

  get dependencies(): RetryDependencies {
    const ignore = () => {};
    return {
      logger: { debug: ignore, info: ignore, warn: (_message, { step }) => this.retried.push(step) },
      clock: {
        monotonicMs: () => this.nowMs,
        sleep: async (ms) => {
          this.nowMs += ms;
        },
      },
    };
  }

  step<Result>(name: string, result: Result): () => Promise<Result> {
    return async () => {
      this.attempts.push(name);
      this.nowMs += this.#attemptMs;
      if (this.attempts.length <= this.#failures) throw this.#createError();
      return result;
    };
  }
}
