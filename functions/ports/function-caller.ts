/** Invokes one function and waits for its answer. */
export interface FunctionCaller {
  /**
   * Duplicates: a failed call may have been carried out, so the function must be idempotent.
   *
   * @throws when Lambda is unreachable, or when the function fails.
   */
  call(event: object): Promise<unknown>;
}
