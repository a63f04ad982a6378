import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { Pool } from 'pg';
import { makeTopic } from '../../support/servers.ts';
import { perSecond } from '../statistics.ts';
import { type ChangeRow, POLL_INTERVAL_MS, readLastChangeId, readNewerChanges } from './polling-by-id.ts';

const TOPIC = 'bench-usual-style';

/**
 * Transfers changes in the usual style: polling by id, one message per change, one statement and one commit per message.
 *
 * @returns changes per second from the first read to the last commit.
 */
export async function measureUsualStyle(
  brokers: readonly string[],
  source: Pool,
  target: Pool,
  changeCount: number,
): Promise<number> {
  const kafka = new Kafka({ clientId: TOPIC, brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: TOPIC, maxWaitTimeInMs: 50 });
  const applied = Promise.withResolvers<void>();
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  try {
    await makeTopic(admin, TOPIC, 1);
    await target.query('create table usual_employees (like employees including indexes)');
    let appliedCount = 0;
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        await applyChange(target, JSON.parse(String(message.value)) as ChangeRow);
        appliedCount += 1;
        if (appliedCount === changeCount) applied.resolve();
      },
    });
    let lastId = await readLastChangeId(source);
    await source.query(
      `insert into employees (first_name, salary) select 'usual ' || n, n from generate_series(1, $1) n`,
      [changeCount],
    );
    const startedAtMs = performance.now();
    for (let sentCount = 0; ; await sleep(POLL_INTERVAL_MS)) {
      const rows = await readNewerChanges(source, lastId);
      for (const row of rows) {
        await producer.send({ topic: TOPIC, messages: [{ key: String(row.emp_id), value: JSON.stringify(row) }] });
      }
      lastId = rows.at(-1)?.cdc_id ?? lastId;
      sentCount += rows.length;
      if (sentCount >= changeCount) break;
    }
    await applied.promise;
    return perSecond(changeCount, performance.now() - startedAtMs);
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
  }
}

async function applyChange(target: Pool, row: ChangeRow): Promise<void> {
  if (row.action === 'DELETE') {
    await target.query('delete from usual_employees where emp_id = $1', [row.emp_id]);
    return;
  }
  await target.query(
    `insert into usual_employees values ($1, $2, $3, $4, $5, $6) on conflict (emp_id) do update
     set first_name = $2, last_name = $3, dob = $4, city = $5, salary = $6`,
    [row.emp_id, row.first_name, row.last_name, row.dob, row.city, row.salary],
  );
}
