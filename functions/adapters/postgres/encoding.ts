import { ConfigError } from '../../core/errors.ts';
import type { Database } from './database.ts';

/**
 * Checks that a database can store any text that the other database can.
 *
 * @throws ConfigError when the encoding of the database is not UTF8.
 */
export async function assertUtf8(database: Database, name: 'source' | 'target'): Promise<void> {
  const { rows } = await database.query<{ encoding: string }>('select getdatabaseencoding() as encoding');
  const encoding = rows[0]?.encoding;
  if (encoding !== 'UTF8') {
    throw new ConfigError(
      `expected encoding UTF8 in the ${name} database, got ${encoding}; create the database again with encoding UTF8`,
    );
  }
}
