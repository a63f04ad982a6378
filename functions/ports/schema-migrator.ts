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
 * Concurrency: any number of callers; they wait for one another, and each migration is applied once.
 */
export interface SchemaMigrator {
  /**
   * Applies the migrations that were not applied before, in order, each in a transaction of its own.
   *
   * @returns the names of the migrations that this call applied.
   * @throws PipelineError `PIPE_MIGRATION_CHANGED` when the text of an applied migration has changed; the database's
   * error when a migration fails. The migrations before it stay applied.
   */
  migrate(migrations: readonly Migration[]): Promise<readonly string[]>;
}
