import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';

export interface DatabaseSettings {
  /** `postgres://host:port/database`, with user and password on a laptop. */
  readonly url: string;
  /** Secrets Manager secret with `{"username", "password"}`, for a URL without them. */
  readonly secretArn?: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections kept; a function instance serves one invocation at a time and needs one. */
  readonly maxConnections?: number;
}

/**
 * A small pool of connections to one database. Sessions run in UTC with ISO dates, whatever the server's settings, and
 * a statement that hangs is ended by the server, so that an outage becomes an error and not silence.
 */
export class Database {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  static async open(settings: DatabaseSettings): Promise<Database> {
    const credentials = settings.secretArn === undefined ? {} : await readCredentials(settings.secretArn);
    const pool = new pg.Pool({
      connectionString: settings.url,
      ...credentials,
      application_name: settings.applicationName,
      max: settings.maxConnections ?? 1,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: 60_000,
      options: '-c TimeZone=UTC -c DateStyle=ISO,YMD',
    });
    // A connection that breaks while idle is replaced at the next use; without a listener it would end the process.
    pool.on('error', () => {});
    return new Database(pool);
  }

  /** Runs one statement in a transaction of its own. */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<pg.QueryResult<Row>> {
    return this.#pool.query<Row>(text, [...values]);
  }

  /**
   * Runs `work` in one transaction at the level `read committed` and commits it; any error rolls it back and is thrown
   * on. An error of the commit itself leaves it open whether the transaction took place.
   */
  async transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function readCredentials(secretArn: string): Promise<{ user: string; password: string }> {
  const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: secretArn }));
  const secret = JSON.parse(SecretString ?? '{}') as { username?: string; password?: string };
  if (!secret.username || !secret.password) {
    throw new Error(`secret ${secretArn} must hold {"username", "password"} as JSON, and does not`);
  }
  return { user: secret.username, password: secret.password };
}
