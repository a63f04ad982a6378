import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

export interface DatabaseSettings {
  /**
   * `postgres://host:port/database`, with user and password on a laptop. `?sslmode=verify-full` for TLS with a server
   * whose certificate and name are checked against the authorities that Node knows.
   */
  readonly url: string;
  /** Secrets Manager secret with `{"username", "password"}`, for a URL without them. */
  readonly secretArn?: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Server settings of each session by their names, e.g. `{enable_seqscan: 'off'}`; values without blanks. */
  readonly sessionSettings?: Readonly<Record<string, string>>;
  /** Connections kept; a function instance serves one invocation at a time and needs one. */
  readonly maxConnections?: number;
}

/**
 * What the statements of this project rely on, whatever somebody has set for the server, the database or the role: the
 * tables are in `public`, and `null` in the literal of an array is the null value.
 */
const SESSION = { TimeZone: 'UTC', DateStyle: 'ISO,YMD', search_path: 'public', array_nulls: 'on' };

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
    const pool = new pg.Pool({
      // Not as `connectionString`: that one overrides user and password even where it has none.
      ...parseIntoClientConfig(settings.url),
      ...(settings.secretArn !== undefined && (await signIn(settings.secretArn))),
      application_name: settings.applicationName,
      max: settings.maxConnections ?? 1,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: 60_000,
      options: Object.entries({ ...SESSION, ...settings.sessionSettings })
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    });
    // A connection that breaks while idle is replaced at the next use; without a listener it would end the process.
    pool.on('error', () => {});
    return new Database(pool);
  }

  /**
   * Runs one statement in a transaction of its own. With a name it is parsed and planned once for each connection; a
   * name stands for one text only.
   */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<pg.QueryResult<Row>> {
    return this.#pool.query<Row>({ text, values: [...values], ...(name !== undefined && { name }) });
  }

  /**
   * Runs `work` in one transaction at the level `read committed` and commits it; any error rolls it back and is thrown
   * on. An error of the commit itself leaves it open whether the transaction took place.
   */
  async transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    // The pool listens to idle connections only; one that breaks in use, unheard, would end the process.
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query('begin isolation level read committed read write');
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError) => {
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** The password is read anew for each connection, as it is turned over every week while instances live on. */
async function signIn(secretArn: string): Promise<{ user: string; password: () => Promise<string> }> {
  const secrets = new SecretsManagerClient({});
  const { username } = await readSecret(secrets, secretArn);
  return { user: username, password: async () => (await readSecret(secrets, secretArn)).password };
}

async function readSecret(
  secrets: SecretsManagerClient,
  secretArn: string,
): Promise<{ username: string; password: string }> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  const { username, password } = parseSecret(SecretString);
  if (username && password) return { username, password };
  throw new Error(`secret ${secretArn} must hold {"username", "password"} as JSON, and does not`);
}

/** What the parser says quotes the secret, so it is not passed on. */
function parseSecret(text: string | undefined): { username?: string; password?: string } {
  try {
    return JSON.parse(text ?? '{}') as { username?: string; password?: string };
  } catch {
    return {};
  }
}
