import { PipelineError } from './errors.ts';

/**
 * The SQLSTATEs by which PostgreSQL refuses a value, whatever the state of the world: class 22 (data exception) and
 * class 23 (integrity constraint violation). Everything else says something about the server, the connection, the
 * schema or a competing transaction.
 *
 * Source: PostgreSQL documentation, appendix A.
 */
const DATA_SQLSTATE = /^2[23][0-9A-Z]{3}$/;

/**
 * The one judge of a failure: is this very record wrong, or is the world broken?
 *
 * `data`: isolate the record and dead-letter it. `world`: throw, so that the event source tries again. What is not
 * known is `world`: retrying a bad record for ever is seen on the lag alarm, losing a good one is not.
 */
export function judgeFailure(error: unknown): 'data' | 'world' {
  if (error instanceof PipelineError) return error.retry === 'never' ? 'data' : 'world';
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && DATA_SQLSTATE.test(code) ? 'data' : 'world';
}
