/**
 * Keeps a limited number of publishes in flight, so that rows are read while Kafka writes, and memory stays bounded when
 * Kafka is slower.
 */
export class PublishWindow {
  readonly #limit: number;
  readonly #inFlight = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Resolves when one more publish may start.
   *
   * @throws the error of the first publish that failed. Later ones may have succeeded.
   */
  async waitForSlot(): Promise<void> {
    while (this.#inFlight.size >= this.#limit && !this.#failure) await Promise.race(this.#inFlight);
    this.#throwFailure();
  }

  /** Adds a publish that was started. Its error is kept for `waitForSlot` and `drain`. */
  add(publish: Promise<unknown>): void {
    const settled: Promise<unknown> = publish
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#inFlight.delete(settled));
    this.#inFlight.add(settled);
  }

  /**
   * Resolves when every publish is acknowledged.
   *
   * @throws as `waitForSlot`, but only when no publish is in flight any more.
   */
  async drain(): Promise<void> {
    await this.settle();
    this.#throwFailure();
  }

  /** Resolves when no publish is in flight any more, also after failures. Never throws. */
  async settle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
