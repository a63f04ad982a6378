import { PipelineError } from './errors.ts';

/** `permanent`: this very record can never succeed. `transient`: the same record may succeed later. */
export type FailureKind = 'permanent' | 'transient';

/**
 * The SQLSTATEs by which PostgreSQL refuses a value: class 22 (data exception) and class 23 (integrity constraint
 * violation). Every other class is about the server, the connection, the schema or a concurrent transaction.
 *
 * Source: PostgreSQL documentation, appendix A.
 */
const REFUSED_VALUE = /^2[23][0-9A-Z]{3}$/;

/**
 * Decides what to do about an error. The only place that decides it.
 *
 * `permanent`: isolate the record and dead-letter it. `transient`: throw, so that the event source retries. An unknown
 * error is transient: a bad record that is retried for ever raises the lag alarm, a good record that is dropped is lost.
 */
export function classifyError(error: unknown): FailureKind {
  if (error instanceof PipelineError) return error.retry === 'never' ? 'permanent' : 'transient';
  const code = codeOf(error);
  return code !== undefined && REFUSED_VALUE.test(code) ? 'permanent' : 'transient';
}

/** The SQLSTATE of an error that PostgreSQL raised, for messages. Its text is not shown, because it may quote values. */
export function sqlStateOf(error: unknown): string {
  return codeOf(error) ?? 'unknown';
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
