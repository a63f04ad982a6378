import { Kafka, logLevel } from 'kafkajs';
import type { Pool } from 'pg';

export interface TopicAudit {
  /** Changes committed in the source that are not on the topic. */
  readonly lost: number;
  /** Changes that came on the topic behind a newer one of the same employee, repetitions left out. */
  readonly outOfOrder: number;
}

/** Compares what is on the topic, employee by employee, with what was committed in the source. */
export async function auditTopic(brokers: readonly string[], topic: string, source: Pool): Promise<TopicAudit> {
  const kafka = new Kafka({ clientId: 'bench-audit', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `bench-audit-${process.pid}` });
  await Promise.all([admin.connect(), consumer.connect()]);
  const open = new Map(
    (await admin.fetchTopicOffsets(topic))
      .filter(({ high }) => high !== '0')
      .map(({ partition, high }) => [partition, BigInt(high)]),
  );
  const seen = new Set<string>();
  const newest = new Map<string, bigint>();
  let outOfOrder = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { key, value } of batch.messages) {
        const { action, changeId } = JSON.parse(String(value)) as { action: string; changeId: string };
        if (key === null || seen.has(changeId)) continue;
        // The snapshot stands for all changes up to the one that it reflects.
        seen.add(changeId);
        if (action === 'SNAPSHOT') continue;
        const empId = key.toString();
        const before = newest.get(empId) ?? 0n;
        if (BigInt(changeId) < before) outOfOrder += 1;
        else newest.set(empId, BigInt(changeId));
      }
      if (BigInt(batch.lastOffset()) + 1n >= (open.get(batch.partition) ?? 0n)) open.delete(batch.partition);
      if (open.size === 0) resolve();
    },
  });
  await promise;
  await Promise.all([admin.disconnect(), consumer.disconnect()]);
  const { rows } = await source.query<{ cdc_id: string }>('select cdc_id from emp_cdc where emp_id is not null');
  return { lost: rows.filter(({ cdc_id }) => !seen.has(cdc_id)).length, outOfOrder };
}
