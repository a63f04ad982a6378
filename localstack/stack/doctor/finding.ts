/** What one check of the machine found. */
export interface Finding {
  /** What was looked for, such as `Java`. */
  readonly subject: string;
  /** `missing` when the stack cannot start, `warning` when it can, but something may fail or differ. */
  readonly state: 'ok' | 'warning' | 'missing';
  /** What was found where; with `warning` and `missing` also what was expected. */
  readonly found: string;
  /** The command that corrects it. */
  readonly remedy?: string;
}

export interface CheckOptions {
  /** The stack's directory. */
  readonly directory: string;
  readonly signal: AbortSignal;
}
