/** The function that an event source invokes. */
export interface TargetFunction {
  /** The name in the path of the Invoke API. */
  readonly name: string;
  /** The version or the alias that is invoked. Absent: `$LATEST`. */
  readonly qualifier?: string;
  /** Without the qualifier. */
  readonly arn: string;
  readonly timeoutSeconds: number;
}

/** The ARN of what is invoked. Without a qualifier that is `$LATEST`. */
export function qualifiedArn({ arn, qualifier }: Pick<TargetFunction, 'arn' | 'qualifier'>): string {
  return `${arn}:${qualifier ?? '$LATEST'}`;
}

/** Name and qualifier in one text, for instance `load:live`. */
export function qualifiedName({ name, qualifier }: Pick<TargetFunction, 'name' | 'qualifier'>): string {
  return qualifier === undefined ? name : `${name}:${qualifier}`;
}
