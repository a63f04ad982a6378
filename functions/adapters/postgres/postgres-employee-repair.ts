import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import type { CapturedRepair, EmployeeRepair } from '../../ports/employee-repair.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { employeesTable } from './employees-table.ts';

const LOCK_NOT_AVAILABLE = '55P03';

/** Writers queue up behind a waiting lock of the table, so it waits for a short time only. */
const LOCK_TIMEOUT = '100ms';
/** Longer: the rest of a repair waits for one writer. Shorter: writers that follow closely leave no moment for the lock. */
const LOCK_LIMIT_MS = 10_000;
/** Between two attempts, and as much again by chance, so that writers make progress. */
const RETRY_AFTER_MS = 100;

/**
 * A lock against writers, and no wait for those that hold one. A shared one, because a writer that only begins after this
 * transaction gets a greater change id. It and the lock of the table are functions of the source, which run as its owner, so
 * that this role needs no privilege to change employees.
 */
const LOCK_ROWS = 'select emp_id from lock_employees($1::integer[]) as emp_id';
const LOCK_TABLE = 'select lock_employee_writers()';

/** A statement of its own, which sees the rows as they are under the lock. */
const INSERT_IMAGES = (table: string) => `
  insert into emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
  select emp_id, first_name, last_name, dob, city, salary, 'UPDATE' from ${table}
  where emp_id = any ($1::integer[]) order by emp_id
  returning cdc_id`;

const INSERT_DELETIONS = (table: string) => `
  insert into emp_cdc (emp_id, action)
  select emp_id, 'DELETE' from unnest($1::integer[]) as absent (emp_id)
  where not exists (select from ${table} as stored where stored.emp_id = absent.emp_id) order by emp_id
  returning cdc_id`;

/** As the capture itself does: a crash must not undo a change that the target has already. */
const COMMIT_SYNCHRONOUSLY = 'set local synchronous_commit = on';

export class PostgresEmployeeRepair implements EmployeeRepair {
  readonly #database: Database;
  readonly #lockLimitMs: number;

  constructor(database: Database, { lockLimitMs = LOCK_LIMIT_MS } = {}) {
    this.#database = database;
    this.#lockLimitMs = lockLimitMs;
  }

  async publishImages(empIds: readonly number[]): Promise<CapturedRepair> {
    const table = await employeesTable(this.#database);
    return this.#database.transaction(async (client) => {
      await client.query(COMMIT_SYNCHRONOUSLY);
      const { rows } = await client.query<{ emp_id: number }>(LOCK_ROWS, [plainArray(empIds)]);
      return insert(
        client,
        INSERT_IMAGES(table),
        rows.map(({ emp_id }) => emp_id),
      );
    });
  }

  /**
   * Without the lock of the table, an insert whose change id was drawn earlier could commit after the look, and the
   * deletion with its greater id would delete the new row.
   */
  async publishDeletions(empIds: readonly number[]): Promise<CapturedRepair | null> {
    const table = await employeesTable(this.#database);
    const untilMs = performance.now() + this.#lockLimitMs;
    for (;;) {
      try {
        return await this.#database.transaction(async (client) => {
          await client.query(`${COMMIT_SYNCHRONOUSLY}; set local lock_timeout = '${LOCK_TIMEOUT}'`);
          await client.query(LOCK_TABLE);
          return insert(client, INSERT_DELETIONS(table), empIds);
        });
      } catch (error) {
        if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
        if (performance.now() >= untilMs) return null;
        await delay(RETRY_AFTER_MS * (1 + Math.random()));
      }
    }
  }
}

async function insert(client: PoolClient, statement: string, empIds: readonly number[]): Promise<CapturedRepair> {
  if (empIds.length === 0) return { count: 0, lastChangeId: null };
  const { rows } = await client.query<{ cdc_id: string }>(statement, [plainArray(empIds)]);
  const last = rows.at(-1);
  return { count: rows.length, lastChangeId: last === undefined ? null : BigInt(last.cdc_id) };
}
