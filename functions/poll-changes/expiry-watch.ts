/** Measures on this poller's own clock for how long the owner's heartbeat has not changed. */
export class ExpiryWatch {
  readonly #expiresAfterMs: number;
  #heartbeat: number | null = null;
  #changedAtMs = 0;

  constructor(expiresAfterMs: number) {
    this.#expiresAfterMs = expiresAfterMs;
  }

  hasExpired(heartbeat: number, nowMs: number): boolean {
    if (heartbeat === this.#heartbeat) return nowMs - this.#changedAtMs >= this.#expiresAfterMs;
    this.#heartbeat = heartbeat;
    this.#changedAtMs = nowMs;
    return false;
  }
}
