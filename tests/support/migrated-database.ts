import { join } from 'node:path';
import { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresCaptureInstaller } from '../../functions/adapters/postgres/postgres-capture-installer.ts';
import { PostgresRoleInstaller } from '../../functions/adapters/postgres/postgres-role-installer.ts';
import { PostgresSchemaMigrator } from '../../functions/adapters/postgres/postgres-schema-migrator.ts';
import { readMigrations } from '../../functions/provision/migration-files.ts';
import { createDatabase, type DatabaseSide } from './servers.ts';

export const SQL_DIRECTORY = join(__dirname, '../../sql');
const SIDES: readonly DatabaseSide[] = ['source', 'target'];
const templateOf = (side: DatabaseSide) => `migrated_${side}`;

/** Creates the databases that `createMigratedDatabase` copies. Once for all tests, because migrations take longest. */
export async function createTemplateDatabases(): Promise<void> {
  await Promise.all(
    SIDES.map(async (side) => applyMigrations(await createDatabase(side, { name: templateOf(side) }), side)),
  );
}

/** @returns the URL of a new database with the tables that `provision` creates, and on the source with the capture. */
export function createMigratedDatabase(side: DatabaseSide): Promise<string> {
  return createDatabase(side, { template: templateOf(side) });
}

/** Migrates the given database, or creates a new one. @returns its URL. */
export async function migratedDatabase(side: DatabaseSide, url: string | undefined): Promise<string> {
  if (url === undefined) return createMigratedDatabase(side);
  await applyMigrations(url, side);
  return url;
}

/** Migrates a database as `provision` does. */
export async function applyMigrations(url: string, side: DatabaseSide): Promise<void> {
  const database = await Database.open({ url, applicationName: 'test-migrations' });
  try {
    await new PostgresSchemaMigrator(database).migrate(await readMigrations(join(SQL_DIRECTORY, side)));
    if (side === 'source') await installCapture(database);
    await installRoles(database, side);
  } finally {
    await database.close();
  }
}

/** Installs or mends the capture of changes and the privileges, as `provision` does. @returns what of the capture was mended. */
export async function mendCapture(url: string): Promise<readonly string[]> {
  const database = await Database.open({ url, applicationName: 'test-capture' });
  try {
    const mended = await installCapture(database);
    await installRoles(database, 'source');
    return mended;
  } finally {
    await database.close();
  }
}

async function installCapture(database: Database): Promise<readonly string[]> {
  return new PostgresCaptureInstaller(database).install(await readMigrations(join(SQL_DIRECTORY, 'capture')));
}

/** Creates the functions' roles and corrects their privileges, as `provision` does. @returns the statements that were needed. */
export async function installRoles(database: Database, side: DatabaseSide): Promise<readonly string[]> {
  return new PostgresRoleInstaller(database).install(await readMigrations(join(SQL_DIRECTORY, `${side}-grants`)));
}
