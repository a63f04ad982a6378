import { chown, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Command } from '../process/managed-process.ts';
import { processCommand } from '../process/process-info.ts';
import { runProgram } from '../process/run-program.ts';
import type { PrepareContext, Server } from '../process/server.ts';
import { findPostgresBinaries } from '../tools/postgres-binaries.ts';
import { actAs, findPostgresAccount, type PostgresAccount } from './postgres-account.ts';

const superuser = 'postgres';

/** One PostgreSQL server with one database, which anybody on this machine may enter: it holds no secret. */
export class PostgresServer implements Server {
  readonly name: 'sourceDatabase' | 'targetDatabase';
  readonly title: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #database: string;

  constructor(options: {
    name: 'sourceDatabase' | 'targetDatabase';
    database: string;
    directory: string;
    port: number;
  }) {
    this.name = options.name;
    this.title = `PostgreSQL (${options.database})`;
    this.#database = options.database;
    this.#directory = join(options.directory, options.database);
    this.#port = options.port;
  }

  get address(): string {
    return this.#urlOf(this.#database);
  }

  async prepare(context: PrepareContext): Promise<Command> {
    const binaries = findPostgresBinaries();
    const account = await findPostgresAccount(context.signal);
    await mkdir(this.#directory, { recursive: true });
    if (account !== undefined) await chown(this.#directory, account.uid, account.gid);
    if (!(await stat(this.#dataPath).catch(() => undefined))) await this.#initialise(binaries.initdb, account, context);
    await this.#removeForeignPidFile();
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.#port,
      // A socket file would clash with other servers' and its path could be too long.
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '128MB',
      timezone: 'UTC',
      log_timezone: 'UTC',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return {
      ...(await actAs(account, binaries.postgres, ['-D', this.#dataPath, ...args], this.#directory, context.signal)),
      stopSignal: 'SIGINT',
      stopTimeoutMs: 10_000,
    };
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#query('select 1', signal);
  }

  async afterStart(signal: AbortSignal): Promise<void> {
    const { rowCount } = await this.#query('select from pg_database where datname = $1', signal, [this.#database]);
    if (rowCount === 0) await this.#query(`create database ${pg.escapeIdentifier(this.#database)}`, signal);
  }

  /** After a kill the old server's sessions need a moment to notice and to leave the shared memory. */
  isPassing(lastWords: string): boolean {
    return lastWords.includes('pre-existing shared memory block');
  }

  get #dataPath(): string {
    return join(this.#directory, 'data');
  }

  #urlOf(database: string): string {
    return `postgres://${superuser}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Aside and renamed, so that an initialisation that is killed leaves nothing that looks like a database. */
  async #initialise(initdb: string, account: PostgresAccount | undefined, context: PrepareContext): Promise<void> {
    const aside = join(this.#directory, 'data.partial');
    await rm(aside, { recursive: true, force: true });
    const args = ['-D', aside, '-U', superuser, '--auth=trust', '--encoding=UTF8', '--locale=C'];
    await runProgram(await actAs(account, initdb, args, this.#directory, context.signal), context);
    await rename(aside, this.#dataPath);
  }

  /**
   * A server that was killed leaves its process id in a file, and the next one refuses to start while any process has
   * that id. One that runs on this very directory is left for the new server to complain about.
   */
  async #removeForeignPidFile(): Promise<void> {
    const path = join(this.#dataPath, 'postmaster.pid');
    const content = await readFile(path, 'utf8').catch(() => undefined);
    const pid = Number.parseInt(content ?? '', 10);
    if (!(pid > 0)) return;
    const command = processCommand(pid);
    if (command !== undefined && !command.includes(this.#dataPath)) await rm(path);
  }

  async #query(text: string, signal: AbortSignal, values: unknown[] = []): Promise<pg.QueryResult> {
    signal.throwIfAborted();
    const client = new pg.Client({
      connectionString: this.#urlOf('postgres'),
      connectionTimeoutMillis: 5_000,
      query_timeout: 30_000,
    });
    // A connection that breaks between two answers is told by the query that follows.
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }
}
