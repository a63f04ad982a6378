/** The end of an invocation. */
export interface Deadline {
  /** Milliseconds until Lambda ends the invocation. */
  remainingMs(): number;
}
