/** The function that an event source invokes. */
export interface TargetFunction {
  /** The name in the path of the Invoke API. */
  readonly name: string;
  readonly arn: string;
  readonly timeoutSeconds: number;
}
