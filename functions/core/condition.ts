import { sqlStateOf } from './classify-error.ts';
import { describeDatabaseFault, mayQuoteValues } from './database-fault.ts';
import { PipelineError } from './errors.ts';

/**
 * When a condition that is not reported again is over. Smaller: S3 waits up to two minutes before its next attempt, so a
 * condition of its events would disappear in between. Larger: a condition whose reporter ended is shown for longer.
 */
export const CONDITION_EXPIRY_SECONDS = 180;

/** The log of every use of a condition store says this when the store is unreachable, because the work matters more. */
export const CONDITION_NOT_STORED = 'the condition for npm run status could not be stored';

const LOCKED =
  'another session may keep a lock; to find it: select pid, query from pg_stat_activity where pid in (select ' +
  'unnest(pg_blocking_pids(pid)) from pg_stat_activity); to end it: select pg_terminate_backend(PID)';

/** What an operator does about SQLSTATEs that a retry alone does not resolve. */
const HINTS: Readonly<Record<string, string>> = {
  '25006':
    'the database accepts no writes: it is a standby or was set read-only; connect to the primary, or run alter database ' +
    'NAME reset default_transaction_read_only',
  '28P01': 'correct the password in the database URL or in its secret',
  '3D000': 'create the database, or correct its name in the database URL',
  '53100': 'the disk of the database server is full; free or add space',
  '53200': 'the database server is out of memory; reduce its load or its settings for memory',
  '53300': 'the database server has no connection left; end sessions that are not needed, or raise max_connections',
  '55P03': LOCKED,
  '57014': LOCKED,
};

/** The code and the message of the condition that a failure causes. */
export function describeFailure(name: string, error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof PipelineError) return { code: error.code, message: error.message };
  const hint = HINTS[sqlStateOf(error)] ?? `if it does not recover, the log of ${name} says more`;
  return { code: 'PIPE_RETRYING', message: `${name} fails and is retried: ${failureReason(error)}; ${hint}` };
}

/** Why something failed, for a log or a message. Never a value of a row. */
export function failureReason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(failureReason).join('; ');
  if (mayQuoteValues(error)) return `the database refuses a value with ${describeDatabaseFault(error)}`;
  const code = sqlStateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return code === 'unknown' || message.includes(code) ? message : `${message} (${code})`;
}
