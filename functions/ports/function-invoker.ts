/** Starts asynchronous invocations of one function. */
export interface FunctionInvoker {
  /**
   * Resolves when Lambda has queued the event; the invocation then runs even if the caller ends.
   *
   * Delivery: at least once. A failed call may have queued the event, so the receiver must be idempotent.
   */
  invokeAsync(event: object): Promise<void>;
}
