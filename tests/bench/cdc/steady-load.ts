import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, QueryResult } from 'pg';
import { perSecond } from '../statistics.ts';
import { ArrivalWatch } from './arrival-watch.ts';

const WRITERS = 8;

/** Returns the id that the trigger has given to the change of the statement before. */
const CHANGE_ID = `select currval('emp_cdc_cdc_id_seq') as id`;

interface SteadyLoadResult {
  /** Changes per second that were made. */
  readonly actualRate: number;
  /** Of each change, from its commit in the source until the target has it. */
  readonly latenciesMs: readonly number[];
}

/** Makes inserts, updates and deletes at a steady rate, each in a transaction of its own. */
export async function runSteadyLoad(
  source: Pool,
  target: Pool,
  rate: number,
  seconds: number,
): Promise<SteadyLoadResult> {
  const changes = new MixedChanges(source);
  const watch = new ArrivalWatch(target);
  const total = Math.round(rate * seconds);
  const startedAtMs = performance.now();
  let next = 0;
  const write = async () => {
    while (next < total) {
      const index = next++;
      const dueInMs = startedAtMs + (index * 1_000) / rate - performance.now();
      if (dueInMs > 0.5) await sleep(dueInMs);
      const { empId, changeId } = await changes.make(index);
      watch.add(empId, changeId);
    }
  };
  try {
    await Promise.all(Array.from({ length: WRITERS }, write));
    const actualRate = perSecond(total, performance.now() - startedAtMs);
    await watch.waitForAll();
    return { actualRate, latenciesMs: watch.latenciesMs };
  } finally {
    await watch.stop();
  }
}

/** Of four changes two are inserts, one updates the employee inserted or updated last, and one deletes the oldest. */
class MixedChanges {
  readonly #source: Pool;
  /** Without those that are being changed, so that no other writer changes them meanwhile. */
  readonly #idle: number[] = [];

  constructor(source: Pool) {
    this.#source = source;
  }

  async make(index: number): Promise<{ empId: number; changeId: bigint }> {
    const kind = index % 4;
    const updated = kind === 0 ? this.#idle.pop() : undefined;
    if (updated !== undefined) {
      const set = `salary = salary + 1, city = 'Moved ${index}'`;
      const changeId = await this.#change(`update employees set ${set} where emp_id = ${updated}`);
      this.#idle.push(updated);
      return { empId: updated, changeId };
    }
    const deleted = kind === 3 ? this.#idle.shift() : undefined;
    if (deleted !== undefined) {
      return { empId: deleted, changeId: await this.#change(`delete from employees where emp_id = ${deleted}`) };
    }
    return this.#insert(index);
  }

  async #insert(index: number): Promise<{ empId: number; changeId: bigint }> {
    const [inserted, drawn] = (await this.#source.query(
      `insert into employees (first_name, last_name, dob, city, salary)
       values ('First ${index}', 'Last ${index}', date '1980-01-01' + ${index % 9_000}, 'City ${index % 97}', ${index})
       returning emp_id; ${CHANGE_ID}`,
    )) as unknown as [QueryResult<{ emp_id: number }>, QueryResult<{ id: string }>];
    const empId = inserted.rows[0]?.emp_id ?? Number.NaN;
    this.#idle.push(empId);
    return { empId, changeId: BigInt(drawn.rows[0]?.id ?? 0) };
  }

  /** @returns the id of the change that the statement made. */
  async #change(statement: string): Promise<bigint> {
    const [, drawn] = (await this.#source.query(`${statement}; ${CHANGE_ID}`)) as unknown as [
      QueryResult,
      QueryResult<{ id: string }>,
    ];
    return BigInt(drawn.rows[0]?.id ?? 0);
  }
}
