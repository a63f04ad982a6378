import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { isStalePlan } from '../../core/classify-error.ts';
import { failureReason } from '../../core/condition.ts';
import { databaseFaultOf, mayQuoteValues } from '../../core/database-fault.ts';
import type { SignIn } from './sign-in.ts';

export interface DatabaseSettings {
  /**
   * `postgres://host:port/database`, with user and password on a laptop. `?sslmode=verify-full` for TLS with a server
   * whose certificate and name are checked against Node's certificate authorities.
   */
  readonly url: string;
  /** The role that signs in. Default: the user of the URL. */
  readonly user?: string | undefined;
  /** `iam` signs in to RDS with the function's own role; `none`, the default, with what the URL contains. */
  readonly auth?: 'none' | 'iam' | undefined;
  /** AWS region of the server; required with `iam`. */
  readonly region?: string | undefined;
  /** Overrides `user` and `auth`. */
  readonly signIn?: SignIn | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Server settings of each session by their names, e.g. `{enable_seqscan: 'off'}`; values without blanks. */
  readonly sessionSettings?: Readonly<Record<string, string>>;
  /** Maximum number of connections, 1 by default: a function instance handles one invocation at a time. */
  readonly maxConnections?: number;
  /** When the server ends a statement, 60 s by default. */
  readonly statementTimeoutMs?: number;
  /** How long a statement waits for a connection, 5 s by default. */
  readonly connectionTimeoutMs?: number;
}

/**
 * Settings that the statements of this project rely on. They override those of the server, the database and the role.
 * `array_nulls` makes `null` in an array literal the null value.
 */
const SESSION = { TimeZone: 'UTC', DateStyle: 'ISO,YMD', search_path: 'public', array_nulls: 'on' };

/**
 * A small pool of connections to one PostgreSQL database. The server ends statements and transactions that hang, so that
 * an outage becomes an error.
 */
export class Database {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Connects at the first statement. */
  static async open(settings: DatabaseSettings): Promise<Database> {
    const { signIn = await signInOf(settings) } = settings;
    const pool = new pg.Pool({
      // Not passed as `connectionString`, which overrides `user` and `password` even when it contains neither.
      ...parseIntoClientConfig(settings.url),
      ...(settings.user !== undefined && { user: settings.user }),
      ...(signIn !== undefined && { user: signIn.user, password: () => signIn.password() }),
      application_name: settings.applicationName,
      max: settings.maxConnections ?? 1,
      connectionTimeoutMillis: settings.connectionTimeoutMs ?? 5_000,
      keepAlive: true,
      statement_timeout: settings.statementTimeoutMs ?? 60_000,
      idle_in_transaction_session_timeout: 60_000,
      options: Object.entries({ ...SESSION, ...settings.sessionSettings })
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    });
    // The pool replaces a connection that breaks while idle, but without a listener the error would end the process.
    pool.on('error', () => {});
    return new Database(pool);
  }

  /**
   * Runs one statement in a transaction of its own.
   *
   * @param name makes it a prepared statement, which each connection parses once. Use one name for one text only.
   */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<pg.QueryResult<Row>> {
    try {
      return await this.#pool.query<Row>({ text, values: [...values], ...(name !== undefined && { name }) });
    } catch (error) {
      removeValues(error);
      throw error;
    }
  }

  /**
   * Runs `work` in one transaction at isolation level `read committed`, and commits it. An error rolls it back and is
   * thrown again. After an error of the commit itself, it is unknown whether the transaction took effect.
   */
  async transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    // The pool listens only on idle connections. An error event without a listener would end the process.
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
      removeValues(error);
      await client.query('rollback').catch((rollbackError) => {
        broken = rollbackError;
      });
      // Closing the connection is what gets rid of its prepared statements.
      if (isStalePlan(error)) broken = error as Error;
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  /**
   * Runs `work` on a connection outside a transaction, for statements that PostgreSQL refuses in one. The connection is
   * closed afterwards, and with it what `work` has set.
   */
  async session<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    // Without a listener an error event would end the process; the statement that runs fails too.
    client.on('error', () => {});
    try {
      return await work(client);
    } catch (error) {
      removeValues(error);
      throw error;
    } finally {
      client.release(true);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/**
 * Removes the values of a row from an error: the detail always quotes them, and for some SQLSTATEs the other texts do too. A
 * log shows each field and the stack, and so does Lambda for an error that a function throws. What the error is about stays.
 */
function removeValues(error: unknown): void {
  if (!(error instanceof pg.DatabaseError)) return;
  error.detail = undefined;
  if (!mayQuoteValues(error)) return;
  const { dataType, procedure } = databaseFaultOf(error);
  const { message } = error;
  error.message = failureReason(error);
  if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
  error.dataType = dataType;
  error.where = procedure === undefined ? undefined : `PL/pgSQL function ${procedure}`;
  error.hint = undefined;
  error.internalQuery = undefined;
}

/** Loaded on first use, because a laptop needs none. */
async function signInOf({ url, user, auth, region }: DatabaseSettings): Promise<SignIn | undefined> {
  if (auth !== 'iam') return undefined;
  const { signInByToken } = await import('./sign-in-by-token.ts');
  return signInByToken({ url, user, region });
}
