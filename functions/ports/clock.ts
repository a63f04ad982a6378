/** A monotonic clock: it never goes back, even if the wall clock does. Only the difference of two values has a meaning. */
export interface Clock {
  /** Milliseconds since an arbitrary moment, with fractions. */
  monotonicMs(): number;
  /** Resolves after at least `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
}
