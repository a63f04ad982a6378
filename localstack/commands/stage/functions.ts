/** The functions of a stack, by their names in serverless.yml. */
export interface Functions {
  /** Invokes a function and returns its result. @throws with the reason when it fails or cannot be invoked. */
  invoke(name: string, event: unknown): Promise<unknown>;
  /** Resolves when the invocation is queued. @throws with the reason when it is not. */
  invokeAsync(name: string, event: unknown): Promise<void>;
}
