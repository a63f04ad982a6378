/**
 * Whether a retry with the same input can succeed.
 *
 * `timed`: after a while, without intervention, because a database, broker or network is unreachable.
 * `manual`: only after an operator has changed something, e.g. the configuration.
 * `never`: the input itself is wrong, so it becomes a dead letter.
 */
export type Retry = 'timed' | 'manual' | 'never';

/** Where something happened: bucket, key, line, topic, partition, offset, table. Never the values of a row. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

interface PipelineErrorOptions {
  readonly retry: Retry;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** Base class of the errors that this project raises. The code is stable. */
export class PipelineError extends Error {
  readonly code: `PIPE_${string}`;
  readonly retry: Retry;
  readonly context: ErrorContext;

  constructor(code: `PIPE_${string}`, message: string, options: PipelineErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retry = options.retry;
    this.context = options.context ?? {};
  }
}

/** A record, row or file that fails permanently. */
export class InputError extends PipelineError {
  constructor(code: `PIPE_${string}`, message: string, context?: ErrorContext, cause?: unknown) {
    super(code, message, { retry: 'never', ...(context && { context }), cause });
  }
}

/** A setting is missing or unusable. The message names the variable, what was expected and an example. */
export class ConfigError extends PipelineError {
  constructor(message: string, cause?: unknown) {
    super('PIPE_CONFIG', message, { retry: 'manual', cause });
  }
}

/**
 * The tables of the target database do not fit what is to be written, so everything waits and nothing is skipped. The
 * message names the table, the constraint or column, the SQLSTATE and the statement that corrects it.
 */
export class SchemaError extends PipelineError {
  constructor(message: string, context?: ErrorContext, cause?: unknown) {
    super('PIPE_TARGET_SCHEMA', message, { retry: 'manual', ...(context && { context }), cause });
  }
}

/** Whether an error stays until an operator changes something, so that a retry is pointless. */
export function needsOperator(error: unknown): boolean {
  return error instanceof PipelineError && error.retry === 'manual';
}
