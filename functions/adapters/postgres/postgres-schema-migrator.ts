import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Deadline } from '../../ports/deadline.ts';
import type { Migration, SchemaMigrator } from '../../ports/schema-migrator.ts';
import { buildIndex, concurrentIndexOf, dropIndex } from './concurrent-index.ts';
import { nextStep } from './concurrent-index-step.ts';
import type { Database } from './database.ts';
import { LOCK_REMEDY, LOCK_RETRY_FOR_MS, lockForMigration, retryWhileLocked } from './migration-lock.ts';
import { createRecords, isApplied, normalizeText, recordApplied } from './migration-records.ts';

interface MigratorOptions {
  /** How long a migration is repeated while other transactions keep a table locked. */
  readonly retryForMs?: number;
  /** When the server ends the statement of a migration, so that it does not outlive the invocation. Default: never. */
  readonly deadline?: Deadline;
}

/** Between two looks at an index that another session builds. */
const BUILDING_PAUSE_MS = 500;
const QUERY_CANCELED = '57014';

/** Concurrent callers wait for an advisory lock; a row in `_private_migration` marks a migration as applied. */
export class PostgresSchemaMigrator implements SchemaMigrator {
  readonly #database: Database;
  readonly #retryForMs: number;
  readonly #deadline: Deadline;

  constructor(database: Database, options: MigratorOptions = {}) {
    this.#database = database;
    this.#retryForMs = options.retryForMs ?? LOCK_RETRY_FOR_MS;
    this.#deadline = options.deadline ?? { remainingMs: () => Number.POSITIVE_INFINITY };
  }

  async migrate(migrations: readonly Migration[]): Promise<readonly string[]> {
    const applied: string[] = [];
    for (const migration of [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const index = concurrentIndexOf(migration);
      const isNew = await (index === null ? this.#apply(migration) : this.#applyIndex(migration, index)).catch(
        (cause) => {
          throw sqlStateOf(cause) === QUERY_CANCELED ? timeoutError(migration, cause) : cause;
        },
      );
      if (isNew) applied.push(migration.name);
    }
    return applied;
  }

  /** @returns whether the migration was new. */
  #apply(migration: Migration): Promise<boolean> {
    return this.#locked(migration, async (client) => {
      if (await isApplied(client, migration)) return false;
      await client.query(normalizeText(migration.sql));
      await recordApplied(client, migration);
      return true;
    });
  }

  /**
   * Step by step, because no transaction joins the index with its record: after a crash the next caller finds that the
   * migration was started, waits while the server still builds the index, and replaces one that is invalid. Nothing is locked
   * meanwhile: a session that waits for the lock has a snapshot, for which the build of the index would wait.
   */
  async #applyIndex(migration: Migration, index: string): Promise<boolean> {
    const before = { wasInvalid: false, hasDropped: false };
    for (;;) {
      const step = await this.#locked(migration, (client) => nextStep(client, migration, index, before));
      if (step === 'applied' || step === 'finish') return step === 'finish';
      const timeoutMs = this.#statementTimeoutMs();
      if (step === 'build') await buildIndex(this.#database, normalizeText(migration.sql), timeoutMs);
      if (step === 'drop') await dropIndex(this.#database, index, timeoutMs);
      if (step === 'wait' || step === 'suspect') await sleep(BUILDING_PAUSE_MS);
      before.wasInvalid = step === 'suspect';
      before.hasDropped ||= step === 'drop';
    }
  }

  #locked<Result>(migration: Migration, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    return retryWhileLocked(
      this.#database,
      this.#retryForMs,
      (cause) => lockedError(migration, cause),
      async (client) => {
        await lockForMigration(client, this.#statementTimeoutMs());
        await createRecords(client);
        return work(client);
      },
    );
  }

  /** As PostgreSQL takes it: 0 is no limit. @throws when the time is over. */
  #statementTimeoutMs(): number {
    const remainingMs = this.#deadline.remainingMs();
    if (remainingMs === Number.POSITIVE_INFINITY) return 0;
    if (remainingMs <= 0) throw Object.assign(new Error('no time is left'), { code: QUERY_CANCELED });
    return Math.ceil(remainingMs);
  }
}

function lockedError({ name }: Migration, cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_LOCKED',
    `expected the lock of the tables that migration ${name} changes, found that other transactions keep it; ${LOCK_REMEDY}`,
    { retry: 'manual', context: { migration: name }, cause },
  );
}

function timeoutError({ name }: Migration, cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_TIMEOUT',
    `expected migration ${name} to end within the time of one invocation of provision, found that it takes longer; run ` +
      'provision again when the database has less to do, or split the migration',
    { retry: 'manual', context: { migration: name }, cause },
  );
}
