import { databaseFaultOf } from './database-fault.ts';
import { PipelineError, SchemaError } from './errors.ts';

/**
 * `permanent`: this very record can never succeed. `transient`: the same record may succeed later. `schema`: no record can
 * succeed before the tables of the target database are changed.
 */
export type FailureKind = 'permanent' | 'transient' | 'schema';

/**
 * The SQLSTATEs by which PostgreSQL refuses a row: class 22 (data exception), class 23 (integrity constraint violation),
 * 44000 (check option of a view), 54000 (a value too large for an index), and P0, which a trigger raises.
 *
 * Source: PostgreSQL documentation, appendix A.
 */
const REFUSED_ROW = /^(?:2[23][0-9A-Z]{3}|44000|54000|P0[0-9A-Z]{3})$/;

/**
 * The SQLSTATEs that say that a statement does not fit the tables: class 42 (e.g. a missing column, a missing privilege, no
 * key for ON CONFLICT), 0A000 (e.g. ON CONFLICT on a table with rules), 3F000 (missing schema) and 55000 (e.g. a deferrable
 * key, a view that is not updatable).
 */
const UNFIT_TABLE = /^(?:42[0-9A-Z]{3}|0A000|3F000|55000)$/;

/** About prepared statements of one session, e.g. behind a connection pooler. A new session does not have the error. */
const SESSION_ONLY = new Set(['42P05']);

/** The check of a row-level security policy has the SQLSTATE of a missing privilege, but refuses a row. */
const ROW_POLICY_ROUTINE = 'ExecWithCheckOptions';

/** After a change of a table the prepared statements of a session fail with 0A000. A new session does not have the error. */
const CACHED_PLAN_ROUTINE = 'RevalidateCachedQuery';

/**
 * Decides what to do about an error. The only place that decides it.
 *
 * `permanent`: isolate the record, then dead-letter it, unless `areRowsAtFault` finds that the target's schema refuses all
 * rows. `schema`: let everything wait and say what to change. `transient`: throw, so that the event source retries. An
 * unknown error is transient: a bad record that is retried for ever raises the lag alarm, a good record that is dropped is
 * lost.
 */
export function classifyError(error: unknown): FailureKind {
  if (error instanceof SchemaError) return 'schema';
  if (error instanceof PipelineError) return error.retry === 'never' ? 'permanent' : 'transient';
  const { sqlState, routine } = databaseFaultOf(error);
  if (sqlState === undefined || SESSION_ONLY.has(sqlState) || isStalePlan(error)) return 'transient';
  if (REFUSED_ROW.test(sqlState) || (sqlState === '42501' && routine === ROW_POLICY_ROUTINE)) return 'permanent';
  return UNFIT_TABLE.test(sqlState) ? 'schema' : 'transient';
}

/** Whether a prepared statement no longer fits a table that was changed. It works again on a new connection. */
export function isStalePlan(error: unknown): boolean {
  return databaseFaultOf(error).routine === CACHED_PLAN_ROUTINE;
}

/** Class 22 of a text that is no date or number, a date that does not exist, and characters that no text can have. */
const INVALID_VALUE = new Set(['22007', '22008', '22P02', '22P05', '22021']);

/** Whether no table could hold the value, whatever its columns and constraints are. */
export function isInvalidValue(error: unknown): boolean {
  const { sqlState, procedure } = databaseFaultOf(error);
  return sqlState !== undefined && procedure === undefined && INVALID_VALUE.has(sqlState);
}

/** The SQLSTATE of an error that PostgreSQL raised, for messages. Its text is not shown, because it may quote values. */
export function sqlStateOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}
