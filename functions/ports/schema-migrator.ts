/** One step of a database schema. */
export interface Migration {
  /** `NNNN_word`; migrations are applied in the order of their names. */
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the schema of one database up to date.
 *
 * Duplicates: a migration that was applied is skipped.
 * Concurrency: any number of callers; they wait for one another, and each migration is applied once. Other transactions
 * never wait for a migration that waits for them: it gives its place up after a second and tries again.
 */
export interface SchemaMigrator {
  /**
   * Applies the migrations that were not applied before, in order, each in a transaction of its own.
   *
   * @returns the names of the migrations that this call applied.
   * @throws PipelineError `PIPE_MIGRATION_CHANGED` when the text of an applied migration has changed; `PIPE_MIGRATION_LOCKED`
   * when other transactions keep a table locked for minutes; the database's
   * error when a migration fails. The migrations before it stay applied.
   */
  migrate(migrations: readonly Migration[]): Promise<readonly string[]>;
}
