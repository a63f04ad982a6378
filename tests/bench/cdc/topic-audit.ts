import type { Pool } from 'pg';
import { readTopic } from '../../support/topic-records.ts';

export interface TopicAudit {
  /** Changes committed in the source that are not on the topic. */
  readonly lost: number;
  /** Changes on the topic after a newer one of the same employee, without repetitions. */
  readonly outOfOrder: number;
}

/** Compares the changes on the topic with those committed in the source, employee by employee. */
export async function auditTopic(brokers: readonly string[], topic: string, source: Pool): Promise<TopicAudit> {
  const published = new Set<string>();
  const newest = new Map<string, bigint>();
  let outOfOrder = 0;
  for (const { key, value } of await readTopic(brokers, topic)) {
    const { action, changeId } = JSON.parse(String(value)) as { action: string; changeId: string };
    if (key === null || published.has(changeId)) continue;
    published.add(changeId);
    // A snapshot's row stands for all changes up to its change id.
    if (action === 'SNAPSHOT') continue;
    if (BigInt(changeId) < (newest.get(key) ?? 0n)) outOfOrder += 1;
    else newest.set(key, BigInt(changeId));
  }
  const { rows } = await source.query<{ cdc_id: string }>('select cdc_id from emp_cdc where emp_id is not null');
  return { lost: rows.filter(({ cdc_id }) => !published.has(cdc_id)).length, outOfOrder };
}
