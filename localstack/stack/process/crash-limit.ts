const MAX_CRASHES = 3;
const WINDOW_MS = 60_000;

/** Ends restarting a server that keeps crashing: at the third crash within a minute. */
export class CrashLimit {
  readonly #crashTimes: number[] = [];

  /** Whether this crash reaches the limit. */
  isReachedBy(crashTimeMs: number): boolean {
    this.#crashTimes.push(crashTimeMs);
    while ((this.#crashTimes[0] ?? crashTimeMs) < crashTimeMs - WINDOW_MS) this.#crashTimes.shift();
    return this.#crashTimes.length >= MAX_CRASHES;
  }
}
