import type { Migration } from './schema-migrator.ts';

/**
 * Creates the role by which each function signs in to one database, with the privileges that it needs.
 *
 * Duplicates: installing again changes nothing when all is as it should be.
 * Concurrency: any number of callers, also for several databases of one server, which share their roles.
 */
export interface RoleInstaller {
  /**
   * @param grants the files that list the privileges. Without a file nothing is done. The first one lists objects of this
   * project: a privilege on one of them that no file lists is taken back. The others list objects of users, on which
   * privileges that are not listed stay, because an operator may have granted them.
   * @returns the statements that were needed.
   * @throws PipelineError `PIPE_GRANT_REFUSED` when the caller may not create a role or grant a privilege; `PIPE_MIGRATION_LOCKED`
   * when other transactions change the same for minutes. Nothing is changed then.
   */
  install(grants: readonly Migration[]): Promise<readonly string[]>;
}
