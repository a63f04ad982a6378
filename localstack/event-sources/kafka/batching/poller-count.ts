import type { KafkaMapping } from '../../model/kafka-mapping.ts';

/** AWS needs minutes. Shorter would divide the next batches sooner, longer keeps small batches after a backlog. */
const SCALE_DOWN_AFTER_MS = 5_000;

/**
 * How many event pollers a mapping has: one on demand; in provisioned mode as many as the waiting records are enough for,
 * from the minimum to the maximum, but not more than one for each partition. AWS scales by the lag as well, so that
 * records that arrive together share a batch as long as one poller keeps up.
 */
export class PollerCount {
  readonly #minimum: number;
  readonly #maximum: number;
  #current: number;
  #lastNeededAtMs = Number.NEGATIVE_INFINITY;

  constructor({ pollers }: Pick<KafkaMapping, 'pollers'>, partitionCount: number) {
    const atMostOneEach = (count: number) => Math.max(1, Math.min(count, partitionCount));
    this.#minimum = atMostOneEach(pollers?.minimum ?? 1);
    this.#maximum = atMostOneEach(pollers?.maximum ?? 1);
    this.#current = this.#minimum;
  }

  get current(): number {
    return this.#current;
  }

  /** The most that there can be. */
  get maximum(): number {
    return this.#maximum;
  }

  /** Scales up at once, and down when that many were not needed for some time. */
  update(wanted: number, nowMs: number): void {
    const needed = Math.min(this.#maximum, Math.max(this.#minimum, wanted));
    if (needed < this.#current && nowMs - this.#lastNeededAtMs < SCALE_DOWN_AFTER_MS) return;
    this.#current = needed;
    this.#lastNeededAtMs = nowMs;
  }
}
