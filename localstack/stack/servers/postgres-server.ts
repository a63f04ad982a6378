import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Command } from '../process/managed-process.ts';
import { processCommand } from '../process/process-info.ts';
import { runProgram } from '../process/run-program.ts';
import type { PrepareContext, Server } from '../process/server.ts';
import { findPostgresBinaries } from '../tools/postgres-binaries.ts';
import { findPostgresAccount, type PostgresAccount, runAsAccount } from './postgres-account.ts';

const SUPERUSER = 'postgres';

/** A PostgreSQL server with one database. Without password, because it holds no secrets. */
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
    if (!existsSync(this.#dataPath)) await this.#initialise(binaries.initdb, account, context);
    await this.#removeStalePidFile();
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.#port,
      // No socket file: it would collide with those of other servers, and its path could be too long.
      unix_socket_directories: '',
      max_connections: 100,
      shared_buffers: '128MB',
      timezone: 'UTC',
      log_timezone: 'UTC',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return {
      ...(await runAsAccount(
        account,
        binaries.postgres,
        ['-D', this.#dataPath, ...args],
        this.#directory,
        context.signal,
      )),
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

  /** After a kill, the old server's sessions take a moment to exit and to release the shared memory. */
  isTransientFailure(output: string): boolean {
    return output.includes('pre-existing shared memory block');
  }

  get #dataPath(): string {
    return join(this.#directory, 'data');
  }

  #urlOf(database: string): string {
    return `postgres://${SUPERUSER}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Initialises another directory and then renames it, so that a killed initialisation leaves no partial database. */
  async #initialise(initdb: string, account: PostgresAccount | undefined, context: PrepareContext): Promise<void> {
    const partial = join(this.#directory, 'data.partial');
    await rm(partial, { recursive: true, force: true });
    const args = ['-D', partial, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C'];
    await runProgram(await runAsAccount(account, initdb, args, this.#directory, context.signal), context);
    await rename(partial, this.#dataPath);
  }

  /**
   * A killed server does not remove its pid file, and the next one refuses to start while any process has that id.
   * Removes the file when that process is not a PostgreSQL of this directory.
   */
  async #removeStalePidFile(): Promise<void> {
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
    // The next query rejects when the connection breaks between two queries.
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }
}
