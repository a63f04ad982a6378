import { sqlStateOf } from './classify-error.ts';
import { PipelineError } from './errors.ts';

/**
 * When a condition that is not reported again is over. Smaller: S3 waits up to two minutes before its next attempt, so a
 * condition of its events would disappear in between. Larger: a condition whose reporter ended is shown for longer.
 */
export const CONDITION_EXPIRY_SECONDS = 180;

/** The error messages of PostgreSQL that may quote the values of a row: data exceptions, constraints and raised errors. */
const MAY_QUOTE_VALUES = /^(22|23|P0)[0-9A-Z]{3}$/;

/** The code and the message of the condition that a failure causes. */
export function describeFailure(name: string, error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof PipelineError) return { code: error.code, message: error.message };
  return {
    code: 'PIPE_RETRYING',
    message: `${name} fails and is retried: ${failureReason(error)}; if it does not recover, the log of ${name} says more`,
  };
}

function failureReason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(failureReason).join('; ');
  const code = sqlStateOf(error);
  if (MAY_QUOTE_VALUES.test(code)) return `the database refuses a value with SQLSTATE ${code}`;
  const message = error instanceof Error ? error.message : String(error);
  return code === 'unknown' || message.includes(code) ? message : `${message} (${code})`;
}
