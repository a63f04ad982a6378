export type LockMode = 'shared' | 'exclusive';

interface Waiter {
  readonly mode: LockMode;
  readonly resolve: () => void;
}

/** A lock that many may hold `shared`, or one `exclusive`. Requests are granted in their order. */
export class ReadWriteLock {
  #holders = 0;
  #isExclusive = false;
  readonly #queue: Waiter[] = [];

  get hasWaiters(): boolean {
    return this.#queue.length > 0;
  }

  /** Resolves with the function that releases the lock, once it is acquired. */
  async acquire(mode: LockMode): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ mode, resolve });
    this.#grant();
    await promise;
    return () => {
      this.#holders -= 1;
      this.#isExclusive = false;
      this.#grant();
    };
  }

  #grant(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#isExclusive || (next.mode === 'exclusive' && this.#holders > 0)) return;
      this.#queue.shift();
      this.#holders += 1;
      this.#isExclusive = next.mode === 'exclusive';
      next.resolve();
    }
  }
}
