import { Readable } from 'node:stream';
import type pg from 'pg';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import type { FileAccount } from '../../../localstack/commands/demo/salaries.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { eventually } from '../eventually.ts';

export type Account = Omit<FileAccount, 'refused'>;

/** Uploads files, and reads what the pipeline has made of them in the target database. */
export class SalaryResults {
  readonly #endpoints: StackEndpoints;
  readonly #target: pg.Client;
  readonly #withinMs: number;

  constructor(endpoints: StackEndpoints, target: pg.Client, withinMs: number) {
    this.#endpoints = endpoints;
    this.#target = target;
    this.#withinMs = withinMs;
  }

  async upload(key: string, content: string): Promise<void> {
    await putIntoBucket(this.#endpoints.s3, key, Readable.from([Buffer.from(content)]));
  }

  /**
   * The newest version of a key, once `isReached` returns true for it. Unchanged versions do not count: on a slow machine
   * the reconciliation may process the same bytes a second time.
   */
  untilAccount(key: string, isReached: (account: Account, versionCount: number) => boolean): Promise<Account> {
    const read = async () => {
      const { rows } = await this.#target.query<Account>(
        `select state, read, filtered_out, rejected, sent, loaded from ingested_file
         where key = $1 and state <> 'unchanged' order by file_id desc`,
        [key],
      );
      return rows[0] && isReached(rows[0], rows.length) && rows[0];
    };
    return eventually(read, { what: `${key} with ${isReached}`, withinMs: this.#withinMs, everyMs: 20 });
  }

  untilComplete(key: string, versions = 1): Promise<Account> {
    return this.untilAccount(key, ({ state }, versionCount) => versionCount === versions && state === 'complete');
  }

  /** What `work` adds to the totals of each department. Departments without a change are left out. */
  async added(work: () => Promise<unknown>): Promise<Record<string, bigint>> {
    const before = await this.#totals();
    await work();
    const after = await this.#totals();
    const departments = new Set([...before.keys(), ...after.keys()]);
    return Object.fromEntries(
      [...departments]
        .map((name) => [name, (after.get(name) ?? 0n) - (before.get(name) ?? 0n)] as const)
        .filter(([, difference]) => difference !== 0n),
    );
  }

  /** The departments whose total is not the sum of their rows. */
  async wrongTotals(): Promise<unknown[]> {
    const { rows } = await this.#target.query(
      `select department, total_salary, sum from department_employee_salary
       full join (select department, sum(salary) from department_employee group by department) as rows using (department)
       where total_salary is distinct from sum`,
    );
    return rows;
  }

  async #totals(): Promise<Map<string, bigint>> {
    const { rows } = await this.#target.query<{ department: string; total_salary: string }>(
      'select department, total_salary from department_employee_salary',
    );
    return new Map(rows.map((row) => [row.department, BigInt(row.total_salary)]));
  }
}
