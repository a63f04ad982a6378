import type { Logger } from '../logger.ts';

/** Something that does not go on, as `GET /metrics` shows it. */
export interface Standstill {
  /** What stands still. */
  readonly what: string;
  /** What it waits for, and what would mend it. */
  readonly reason: string;
  readonly forSeconds: number;
}

interface Entry {
  reason: string;
  readonly sinceMs: number;
  nextLogAtMs: number;
}

const LOG_AFTER_MS = 10_000;
const CHECK_INTERVAL_MS = 1_000;

/**
 * What stands still: an event source that cannot poll, a batch or an event whose invocation fails, a queue that is full.
 * Each is logged when it has stood still for ten seconds, and every ten seconds after that, with what would mend it.
 */
export class Standstills {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #entries = new Map<string, Entry>();
  readonly #waiters: { readonly what: string; readonly resolve: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Reports that something stands still, or still does. The time counts from the first report after `clear`. */
  report(what: string, reason: string): void {
    const known = this.#entries.get(what);
    const nowMs = performance.now();
    if (known !== undefined) known.reason = reason;
    else this.#entries.set(what, { reason, sinceMs: nowMs, nextLogAtMs: nowMs + LOG_AFTER_MS });
    this.#timer ??= setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref();
  }

  /** Reports that it goes on. */
  clear(what: string): void {
    this.#entries.delete(what);
    if (this.#entries.size === 0) this.close();
  }

  /** All that stands still, the longest first. */
  get current(): readonly Standstill[] {
    const nowMs = performance.now();
    return [...this.#entries]
      .map(([what, { reason, sinceMs }]) => ({ what, reason, forSeconds: Math.floor((nowMs - sinceMs) / 1_000) }))
      .sort((a, b) => b.forSeconds - a.forSeconds);
  }

  /** Resolves when it has stood still for ten seconds. */
  lasting(what: string): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ what, resolve }));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const nowMs = performance.now();
    for (const [what, entry] of this.#entries) {
      if (nowMs < entry.nextLogAtMs) continue;
      entry.nextLogAtMs = nowMs + LOG_AFTER_MS;
      const forSeconds = Math.floor((nowMs - entry.sinceMs) / 1_000);
      this.#log.warn(`${what} stands still`, { reason: entry.reason, forSeconds });
      for (const waiter of this.#waiters) if (waiter.what === what) waiter.resolve();
    }
  }
}
