import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../../../functions/adapters/postgres/postgres-dead-letter-ledger.ts';
import type { DeadLetterFilter } from '../../../functions/ports/dead-letter-ledger.ts';
import { percentile, round } from '../statistics.ts';

const HOUR_MS = 3_600_000;
const ROUNDS = 30;
const LISTED = 100;

/** By each field that `npm run dead-letters` has an option for. */
const FILTERS: readonly DeadLetterFilter[] = [
  {},
  { states: ['open'], codes: ['CODE_3'] },
  { key: '4711' },
  { file: 'day-1.csv' },
  { since: new Date(Date.now() - 3 * HOUR_MS), until: new Date(Date.now() - 2 * HOUR_MS) },
  { topics: ['employee-changes.dead-letter'], codes: ['CODE_7', 'CODE_8'], since: new Date(Date.now() - HOUR_MS) },
];

/** How long dead letters are listed and counted by a filter: the p99 of all filters. */
export async function measureFilters(url: string): Promise<{ readonly filterMs: number }> {
  const database = await Database.open({ url, applicationName: 'bench-filters' });
  const ledger = new PostgresDeadLetterLedger(database);
  try {
    const durationsMs: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      for (const filter of FILTERS) {
        const startedAt = performance.now();
        await ledger.list(filter, LISTED);
        await ledger.count(filter);
        // The first round fills the caches.
        if (turn > 0) durationsMs.push(performance.now() - startedAt);
      }
    }
    return { filterMs: round(percentile(durationsMs, 0.99), 1) };
  } finally {
    await database.close();
  }
}
