/**
 * Keeps a bounded number of publishes in flight, so that reading goes on while the broker writes and memory stays
 * bounded when the broker is slower.
 */
export class PublishWindow {
  readonly #limit: number;
  readonly #inFlight = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves when one more may start.
   *
   * @throws what the first failed publish threw; later publishes may have succeeded.
   */
  async room(): Promise<void> {
    while (this.#inFlight.size >= this.#limit && !this.#failure) await Promise.race(this.#inFlight);
    this.#throwFailure();
  }

  add(publish: Promise<void>): void {
    const settled = publish
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#inFlight.delete(settled));
    this.#inFlight.add(settled);
  }

  /** Resolves when everything is acknowledged; throws as `room` does, once nothing is in flight any more. */
  async drain(): Promise<void> {
    await this.settle();
    this.#throwFailure();
  }

  /** Resolves when nothing is in flight any more, whatever became of it: a frozen invocation must not hold on to it. */
  async settle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
