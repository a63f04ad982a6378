import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

export const POLL_INTERVAL_MS = 200;

/** A row of `emp_cdc`. */
export interface ChangeRow {
  readonly cdc_id: string;
  readonly emp_id: number;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly dob: string | null;
  readonly city: string | null;
  readonly salary: number | null;
  readonly action: string;
}

/** The usual query for new changes: those with a greater id than the last one. */
export async function readNewerChanges(source: Pool, lastId: string): Promise<ChangeRow[]> {
  const { rows } = await source.query<ChangeRow>(
    `select cdc_id, emp_id, first_name, last_name, dob::text, city, salary, action from emp_cdc
     where cdc_id > $1 order by cdc_id limit 10000`,
    [lastId],
  );
  return rows;
}

export async function readLastChangeId(source: Pool): Promise<string> {
  const { rows } = await source.query<{ last: string }>('select coalesce(max(cdc_id), 0) as last from emp_cdc');
  return rows[0]?.last ?? '0';
}

/** Polls by id beside the pipeline, and counts the changes that it never finds: those that were committed late. */
export class PollingById {
  readonly #source: Pool;
  readonly #found = new Set<string>();
  readonly #polling: Promise<void>;
  #firstId = '0';
  #isStopped = false;

  constructor(source: Pool) {
    this.#source = source;
    this.#polling = this.#poll();
    // Avoids an unhandled rejection: it is awaited in countLost.
    this.#polling.catch(() => {});
  }

  /** Stops, and returns the number of changes since the start that were not found. */
  async countLost(): Promise<number> {
    this.#isStopped = true;
    await this.#polling;
    const { rows } = await this.#source.query<ChangeRow>('select cdc_id from emp_cdc where cdc_id > $1', [
      this.#firstId,
    ]);
    return rows.filter(({ cdc_id }) => !this.#found.has(cdc_id)).length;
  }

  async #poll(): Promise<void> {
    this.#firstId = await readLastChangeId(this.#source);
    let lastId = this.#firstId;
    for (let isLast = false; !isLast; ) {
      // One more read after the stop, so that only what polling by id cannot find is missing.
      isLast = this.#isStopped;
      const rows = await readNewerChanges(this.#source, lastId);
      for (const { cdc_id } of rows) this.#found.add(cdc_id);
      lastId = rows.at(-1)?.cdc_id ?? lastId;
      if (!isLast) await sleep(POLL_INTERVAL_MS);
    }
  }
}
