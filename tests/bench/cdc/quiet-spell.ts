import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { percentile, round } from '../statistics.ts';
import { runSteadyLoad } from './steady-load.ts';

/** So few that only what the quiet spell has ended makes one slow. */
const CHANGES_PER_SECOND = 40;
const LOAD_SECONDS = 2;

/** The slowest of some changes, in milliseconds from its commit in A until B has it. */
export interface QuietSpell {
  readonly seconds: number;
  readonly slowestBeforeMs: number;
  readonly slowestAfterMs: number;
}

/** Makes a few changes, none for the given time, and as many again: all that has ended meanwhile must start for these. */
export async function measureQuietSpell(source: Pool, target: Pool, seconds: number): Promise<QuietSpell> {
  const slowestMs = async () => {
    const { latenciesMs } = await runSteadyLoad(source, target, CHANGES_PER_SECOND, LOAD_SECONDS);
    return round(percentile(latenciesMs, 1), 1);
  };
  const slowestBeforeMs = await slowestMs();
  await sleep(seconds * 1_000);
  return { seconds, slowestBeforeMs, slowestAfterMs: await slowestMs() };
}
