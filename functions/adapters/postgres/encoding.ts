import { ConfigError } from '../../core/errors.ts';
import type { Database } from './database.ts';

/**
 * Makes sure that a database can hold any text that the other one can.
 *
 * @throws ConfigError when its encoding is not UTF8.
 */
export async function assertUtf8(database: Database, name: 'source' | 'target'): Promise<void> {
  const { rows } = await database.query<{ encoding: string }>('select getdatabaseencoding() as encoding');
  const encoding = rows[0]?.encoding;
  if (encoding !== 'UTF8') {
    throw new ConfigError(`the ${name} database must have the encoding UTF8, and has ${encoding}; create it anew`);
  }
}
