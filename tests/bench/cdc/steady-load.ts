import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { eventually } from '../../support/eventually.ts';

const WRITERS = 8;
/** How often the target is looked at; each latency is at most this much, and a query, too long. */
const LOOK_EVERY_MS = 4;

interface Pending {
  readonly empId: number;
  readonly changeId: bigint;
  readonly committedAt: number;
}

/** Each change commits alone; the last statement tells its id after the trigger has drawn it. */
const CHANGE_ID = `select currval('emp_cdc_cdc_id_seq') as id`;

/** Mixed inserts, updates and deletes at a steady rate, each timed from its commit until the target shows it. */
export class SteadyLoad {
  readonly latenciesMs: number[] = [];
  readonly #source: Pool;
  readonly #target: Pool;
  readonly #living: number[] = [];
  readonly #pending = new Map<number, Pending[]>();
  readonly #busy = new Set<number>();
  #pendingCount = 0;

  constructor(source: Pool, target: Pool) {
    this.#source = source;
    this.#target = target;
  }

  /** @returns the changes per second that were really made. */
  async run(rate: number, seconds: number): Promise<number> {
    const total = Math.round(rate * seconds);
    const startedAt = performance.now();
    let next = 0;
    const writer = async () => {
      for (;;) {
        const index = next++;
        if (index >= total) return;
        const dueIn = startedAt + (index * 1_000) / rate - performance.now();
        if (dueIn > 0.5) await sleep(dueIn);
        await this.#change(index);
      }
    };
    const watch = this.#watch();
    try {
      await Promise.all(Array.from({ length: WRITERS }, writer));
      const made = total / ((performance.now() - startedAt) / 1_000);
      await watch.untilAllSeen();
      return made;
    } finally {
      await watch.stop();
    }
  }

  async #change(index: number): Promise<void> {
    const kind = index % 4;
    const victim = kind === 0 || kind === 3 ? this.#pick(kind === 3) : undefined;
    let empId: number;
    let changeId: bigint;
    if (victim === undefined) {
      const [inserted, drawn] = (await this.#source.query(
        `insert into employees (first_name, last_name, dob, city, salary)
         values ('First ${index}', 'Last ${index}', date '1980-01-01' + ${index % 9_000}, 'City ${index % 97}', ${index})
         returning emp_id; ${CHANGE_ID}`,
      )) as unknown as [{ rows: { emp_id: number }[] }, { rows: { id: string }[] }];
      empId = inserted.rows[0]?.emp_id ?? Number.NaN;
      changeId = BigInt(drawn.rows[0]?.id ?? 0);
      this.#note(empId, changeId);
      this.#living.push(empId);
      return;
    }
    const statement =
      kind === 0
        ? `update employees set salary = salary + 1, city = 'Moved ${index}' where emp_id = ${victim}`
        : `delete from employees where emp_id = ${victim}`;
    const [, drawn] = (await this.#source.query(`${statement}; ${CHANGE_ID}`)) as unknown as [
      unknown,
      { rows: { id: string }[] },
    ];
    this.#note(victim, BigInt(drawn.rows[0]?.id ?? 0));
    this.#busy.delete(victim);
    if (kind === 0) this.#living.push(victim);
  }

  /** Takes an employee out of reach of the other writers, so that the id drawn last is that of this change. */
  #pick(oldest: boolean): number | undefined {
    const empId = oldest ? this.#living.shift() : this.#living.pop();
    if (empId !== undefined) this.#busy.add(empId);
    return empId;
  }

  #note(empId: number, changeId: bigint): void {
    const waiting = this.#pending.get(empId) ?? [];
    waiting.push({ empId, changeId, committedAt: performance.now() });
    this.#pending.set(empId, waiting);
    this.#pendingCount += 1;
  }

  #watch() {
    let isStopped = false;
    const look = async () => {
      const asked = [...this.#pending.keys()];
      if (asked.length === 0) return;
      const { rows } = await this.#target.query<{ emp_id: number; change_id: string }>({
        name: 'versions',
        text: 'select emp_id, change_id from employee_version where emp_id = any($1::integer[])',
        values: [`{${asked.join(',')}}`],
      });
      const seenAt = performance.now();
      for (const { emp_id, change_id } of rows) this.#seen(emp_id, BigInt(change_id), seenAt);
    };
    const watching = (async () => {
      while (!isStopped) {
        await look();
        await sleep(LOOK_EVERY_MS);
      }
    })();
    // Met where it is awaited; until then it must not end the process.
    watching.catch(() => {});
    return {
      untilAllSeen: async () => {
        const allSeen = eventually(() => this.#pendingCount === 0, {
          what: 'all changes to be in the target',
          withinMs: 60_000,
        });
        await Promise.race([allSeen, watching]).catch((cause) => {
          const [first] = this.#pending.values();
          throw new Error(
            `${this.#pendingCount} changes are not in the target, the first one ${first?.[0]?.changeId} ` +
              `of employee ${first?.[0]?.empId}`,
            { cause },
          );
        });
      },
      stop: async () => {
        isStopped = true;
        await watching;
      },
    };
  }

  #seen(empId: number, version: bigint, seenAt: number): void {
    const waiting = this.#pending.get(empId) ?? [];
    const still = waiting.filter(({ changeId }) => changeId > version);
    for (const { changeId, committedAt } of waiting) {
      if (changeId <= version) this.latenciesMs.push(Math.max(0, seenAt - committedAt));
    }
    this.#pendingCount -= waiting.length - still.length;
    if (still.length === 0) this.#pending.delete(empId);
    else this.#pending.set(empId, still);
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
