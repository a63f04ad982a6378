import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import type { Database } from './database.ts';

/** "migr" in ASCII. Any number works that no other application uses for an advisory lock in the same database. */
const MIGRATION_LOCK = 0x6d69_6772;
/**
 * How long a migration waits for the lock of a table. While it waits, every statement of others on that table waits behind
 * it. Smaller: it rarely gets its turn between transactions. Larger: the pipelines stand still for longer.
 */
const LOCK_TIMEOUT_MS = 1_000;
/** The pause in between, in which what has queued up behind the migration goes on. */
const RETRY_PAUSE_MS = 2_000;
/** Below the end of an invocation of provision, 900 s, so that the error is reported. */
export const LOCK_RETRY_FOR_MS = 240_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Waits for the other callers that migrate this database. Everything afterwards in the transaction waits for a table briefly.
 *
 * @param statementTimeoutMs 0, the default, is no limit: building an index on a large table may take longer than any, and so
 *   may waiting for the other callers.
 */
export async function lockForMigration(client: PoolClient, statementTimeoutMs = 0): Promise<void> {
  await client.query(`set local statement_timeout = ${statementTimeoutMs}`);
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
}

/**
 * Runs a transaction that calls `lockForMigration`, again and again while other transactions keep a table locked.
 *
 * @throws what `lockedError` makes of the last error when that takes longer than `retryForMs`.
 */
export async function retryWhileLocked<Result>(
  database: Database,
  retryForMs: number,
  lockedError: (cause: unknown) => Error,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await database.transaction(work);
    } catch (error) {
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      if (performance.now() - startedMs > retryForMs) throw lockedError(error);
      await sleep(RETRY_PAUSE_MS);
    }
  }
}

/** What mends a lock that is kept for long. */
export const LOCK_REMEDY =
  "end those that select pid, query from pg_stat_activity where xact_start < now() - interval '1 minute' shows, with " +
  'select pg_terminate_backend(PID), then run provision again';
