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
   * Applies the migrations that were not applied before, in order, each in a transaction of its own. A migration that is one
   * `create index concurrently` runs outside a transaction. After a crash it is resumed: an invalid index is made again.
   *
   * @returns the names of the migrations that this call applied.
   * @throws PipelineError `PIPE_MIGRATION_CHANGED` when the text of an applied migration has changed; `PIPE_MIGRATION_LOCKED`
   * when other transactions keep a table locked for minutes; `PIPE_MIGRATION_TIMEOUT` when the time of the caller is over;
   * `PIPE_MIGRATION_CONCURRENT` when a migration has more statements than its `create index concurrently`;
   * `PIPE_MIGRATION_INDEX` when an index has the name of one that a migration creates; the database's error when a migration
   * fails. The migrations before it stay applied.
   */
  migrate(migrations: readonly Migration[]): Promise<readonly string[]>;
}

/**
 * Installs what captures the changes of one database: functions, triggers and the tables that they write.
 *
 * Duplicates: installing again changes nothing, and locks nothing that a writer needs, when all is as it should be.
 * Concurrency: as `SchemaMigrator`, which it also waits for.
 */
export interface CaptureInstaller {
  /**
   * Runs the files in order, in one transaction. Each file mends what differs from it.
   *
   * @returns what was mended, so that changes may be missing. The poller finds it noted in the database, too.
   * @throws PipelineError `PIPE_CAPTURE_LOCKED` when other transactions keep a table locked for minutes; the database's
   * error when a file fails. Nothing is changed then.
   */
  install(files: readonly Migration[]): Promise<readonly string[]>;
}
