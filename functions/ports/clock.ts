/** A monotonic clock: it never goes back, whatever happens to the wall clock. Its values mean nothing by themselves. */
export interface Clock {
  /** Milliseconds since an arbitrary moment, with fractions. */
  monotonicMs(): number;
  /** Resolves after at least so many milliseconds. */
  sleep(ms: number): Promise<void>;
}
