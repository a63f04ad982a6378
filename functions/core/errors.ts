/**
 * When the same input may succeed if it is tried again.
 *
 * `timed`: the world is broken (a database, broker or network is away): try again by itself.
 * `manual`: somebody has to change something first (configuration, a restored database).
 * `never`: the data is wrong as it is: dead-letter it and go on.
 */
export type Retry = 'timed' | 'manual' | 'never';

/** Where something happened: bucket, key, line, topic, partition, offset, table. Never the values of a row. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

interface PipelineErrorOptions {
  readonly retry: Retry;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** The base of every error that this project raises itself. The code is `PIPE_<WHAT>` and stable. */
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

/** A record, a row or a file that can never succeed as it is. */
export class InputError extends PipelineError {
  constructor(code: `PIPE_${string}`, message: string, context?: ErrorContext, cause?: unknown) {
    super(code, message, { retry: 'never', ...(context && { context }), cause });
  }
}

/** A setting that is missing or unusable; the message names the variable, what was expected and an example. */
export class ConfigError extends PipelineError {
  constructor(message: string, cause?: unknown) {
    super('PIPE_CONFIG', message, { retry: 'manual', cause });
  }
}
