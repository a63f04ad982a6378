import type { Clock } from '../ports/clock.ts';
import type { PipelineHistory } from '../ports/pipeline-history.ts';

/** Ticks are added up by minute, so more often would find nothing. */
const INTERVAL_MS = 60_000;

/** Thins the history, at most one bounded step at each look. After an outage the next looks continue. */
export class HistoryUpkeep {
  readonly #history: Pick<PipelineHistory, 'thin'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #thinnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(history: Pick<PipelineHistory, 'thin'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#history = history;
    this.#clock = clock;
  }

  /** Finds no gaps. */
  async look(): Promise<number> {
    if (this.#clock.monotonicMs() - this.#thinnedAtMs < INTERVAL_MS) return 0;
    const isMoreLeft = await this.#history.thin();
    if (!isMoreLeft) this.#thinnedAtMs = this.#clock.monotonicMs();
    return 0;
  }
}
