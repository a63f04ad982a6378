import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { eventually } from '../../support/eventually.ts';

/** Time between two queries of the target. Each latency is too long by at most this and one query. */
const QUERY_INTERVAL_MS = 4;

interface PendingChange {
  readonly changeId: bigint;
  readonly committedAtMs: number;
}

/** Queries the target for changes that were committed in the source, and measures when it has each of them. */
export class ArrivalWatch {
  /** From the commit to the query that found the change, in no particular order. */
  readonly latenciesMs: number[] = [];
  readonly #target: Pool;
  readonly #pending = new Map<number, PendingChange[]>();
  readonly #watching: Promise<void>;
  #isStopped = false;

  constructor(target: Pool) {
    this.#target = target;
    this.#watching = this.#watch();
    // Avoids an unhandled rejection: it is awaited below.
    this.#watching.catch(() => {});
  }

  /** Call it right after the commit. */
  add(empId: number, changeId: bigint): void {
    const pending = this.#pending.get(empId) ?? [];
    pending.push({ changeId, committedAtMs: performance.now() });
    this.#pending.set(empId, pending);
  }

  /** @throws when a change is not in the target after a minute, or a query fails. */
  async waitForAll(): Promise<void> {
    const all = eventually(() => this.#pending.size === 0, { what: 'all changes to be in the target' });
    await Promise.race([all, this.#watching]).catch((cause) => {
      const [[empId, changes] = []] = this.#pending;
      throw new Error(
        `changes of ${this.#pending.size} employees are missing in the target, for example change ` +
          `${changes?.[0]?.changeId} of employee ${empId}: ${cause}`,
        { cause },
      );
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped) {
      await this.#query();
      await sleep(QUERY_INTERVAL_MS);
    }
  }

  async #query(): Promise<void> {
    if (this.#pending.size === 0) return;
    const { rows } = await this.#target.query<{ emp_id: number; change_id: string }>({
      name: 'versions',
      text: 'select emp_id, change_id from employee_version where emp_id = any($1::integer[])',
      values: [`{${[...this.#pending.keys()].join(',')}}`],
    });
    const foundAtMs = performance.now();
    for (const { emp_id, change_id } of rows) this.#recordFound(emp_id, BigInt(change_id), foundAtMs);
  }

  #recordFound(empId: number, newestChangeId: bigint, foundAtMs: number): void {
    const pending = this.#pending.get(empId) ?? [];
    for (const { changeId, committedAtMs } of pending) {
      if (changeId <= newestChangeId) this.latenciesMs.push(Math.max(0, foundAtMs - committedAtMs));
    }
    const missing = pending.filter(({ changeId }) => changeId > newestChangeId);
    if (missing.length === 0) this.#pending.delete(empId);
    else this.#pending.set(empId, missing);
  }
}
