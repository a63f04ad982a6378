import { randomUUID } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

export type Row = Record<string, unknown>;

/*
 * Keys are blobs, because SQLite then compares their bytes: the order of S3. Every change is one transaction, which is on
 * the disk when its method returns. Methods are synchronous, so that no other request comes between a check and its change.
 */
const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  create table if not exists bucket (name text primary key, created integer not null) strict, without rowid;
  create table if not exists object (
    bucket text not null references bucket, key blob not null, blobs text not null, size integer not null,
    etag text not null, modified integer not null, headers text not null, primary key (bucket, key)
  ) strict, without rowid;
  create table if not exists upload (
    id text primary key, bucket text not null references bucket on delete cascade, key blob not null,
    created integer not null, headers text not null
  ) strict, without rowid;
  create table if not exists part (
    upload text not null references upload on delete cascade, number integer not null, blob text not null,
    size integer not null, etag text not null, modified integer not null, primary key (upload, number)
  ) strict, without rowid;`;

/** The SQLite database of the index. */
export class IndexDatabase {
  readonly #database: DatabaseSync;
  readonly #id = randomUUID();

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
  }

  close(): void {
    this.#database.close();
  }

  /** A text that every change changes, and every start. */
  get state(): string {
    return `${this.#id}-${this.get('select total_changes() as count')?.['count']}`;
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#database.prepare(sql).get(...values);
  }

  iterate(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#database.prepare(sql).iterate(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(...values);
  }

  /** Runs `change` in one transaction, which is undone when it throws. */
  transaction<Result>(change: () => Result): Result {
    this.#database.exec('begin immediate');
    try {
      const result = change();
      this.#database.exec('commit');
      return result;
    } catch (error) {
      // SQLite itself has ended the transaction when the disk is full.
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
  }
}
