import { join } from 'node:path';
import pg from 'pg';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import {
  EMPLOYEE_REPLICA_SESSION,
  PostgresEmployeeReplica,
} from '../../../functions/adapters/postgres/postgres-employee-replica.ts';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import { readMigrations } from '../../../functions/provision/migration-files.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { SQL_DIRECTORY } from '../migrated-database.ts';

/** A target database, emptied for the test, with an applier to which the test passes records directly. */
export class TargetRig {
  readonly deadLetters: DeadLetter[] = [];
  readonly client: pg.Client;
  readonly replica: PostgresEmployeeReplica;
  readonly applier: ChangeApplier;
  readonly #database: Database;

  private constructor(client: pg.Client, database: Database, sweepStepRows: number | undefined) {
    this.client = client;
    this.#database = database;
    this.replica = new PostgresEmployeeReplica(database, sweepStepRows === undefined ? {} : { sweepStepRows });
    const publish = async (deadLetters: readonly DeadLetter[]) => void this.deadLetters.push(...deadLetters);
    this.applier = new ChangeApplier(this.replica, { publish }, [], createTickRecorder('apply-changes'));
  }

  /**
   * @param user a role to apply changes with, which is not a superuser.
   * @param before changes the schema before anything connects.
   */
  static async open(
    url: string,
    { sweepStepRows, user, before }: { sweepStepRows?: number; user?: string; before?: string } = {},
  ): Promise<TargetRig> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('drop schema if exists old cascade; drop schema public cascade; create schema public');
    for (const { sql } of await readMigrations(join(SQL_DIRECTORY, 'target'))) await client.query(sql);
    if (before !== undefined) await client.query(before);
    const sessionSettings = { ...EMPLOYEE_REPLICA_SESSION, ...(user !== undefined && { role: user }) };
    const database = await Database.open({ url, applicationName: 'test', sessionSettings, maxConnections: 4 });
    return new TargetRig(client, database, sweepStepRows);
  }

  /** Key and salary of each employee. */
  async salaries(): Promise<[number, number][]> {
    const { rows } = await this.client.query<[number, number]>({
      text: 'select emp_id, salary::integer from employees order by emp_id',
      rowMode: 'array',
    });
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.client.end(), this.#database.close()]);
  }
}
