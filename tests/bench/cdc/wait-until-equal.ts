import type { Pool } from 'pg';
import { eventually } from '../../support/eventually.ts';

const DIGEST = "select count(*) || '/' || coalesce(sum(emp_id), 0) as digest from employees";

/** Resolves when both databases have the same number of employees and the same sum of keys. */
export async function waitUntilEqual(source: Pool, target: Pool): Promise<void> {
  const expected = await readDigest(source);
  await eventually(async () => (await readDigest(target)) === expected, {
    what: 'the target to have the employees of the source',
    withinMs: 120_000,
    // Each check costs the target a scan of the table.
    everyMs: 50,
  });
}

async function readDigest(database: Pool): Promise<string | undefined> {
  const { rows } = await database.query<{ digest: string }>(DIGEST);
  return rows[0]?.digest;
}
