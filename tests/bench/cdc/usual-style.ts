import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { Pool } from 'pg';
import { makeTopic } from '../../support/servers.ts';

const POLL_EVERY_MS = 200;
const TOPIC = 'bench-usual-style';

interface Row {
  readonly cdc_id: string;
  readonly emp_id: number;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly dob: string | null;
  readonly city: string | null;
  readonly salary: number | null;
  readonly action: string;
}

const NEWER = `select cdc_id, emp_id, first_name, last_name, dob::text, city, salary, action from emp_cdc
  where cdc_id > $1 order by cdc_id limit 10000`;

/** Reads beside the pipeline as it is usually done, by `id > last`, and tells how many changes that never sees. */
export function watchByLastId(source: Pool): { lost(): Promise<number> } {
  let stopped = false;
  let from = '0';
  const seen = new Set<string>();
  const watching = (async () => {
    const { rows: start } = await source.query<{ last: string }>(
      'select coalesce(max(cdc_id), 0) as last from emp_cdc',
    );
    from = start[0]?.last ?? '0';
    let last = from;
    while (!stopped) {
      const { rows } = await source.query<Row>(NEWER, [last]);
      for (const { cdc_id } of rows) seen.add(cdc_id);
      last = rows.at(-1)?.cdc_id ?? last;
      await sleep(POLL_EVERY_MS);
    }
    for (const { cdc_id } of (await source.query<Row>(NEWER, [last])).rows) seen.add(cdc_id);
  })();
  return {
    lost: async () => {
      stopped = true;
      await watching;
      const { rows } = await source.query<Row>('select cdc_id from emp_cdc where cdc_id > $1', [from]);
      return rows.filter(({ cdc_id }) => !seen.has(cdc_id)).length;
    },
  };
}

/** One message a change, one statement a message, one commit a statement: how many changes a second that brings over. */
export async function measureUsualStyle(
  brokers: readonly string[],
  source: Pool,
  target: Pool,
  changes: number,
): Promise<number> {
  const kafka = new Kafka({ clientId: 'bench-usual-style', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: TOPIC, maxWaitTimeInMs: 50 });
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  await makeTopic(admin, TOPIC, 1);
  await target.query('create table usual_employees (like employees including indexes)');
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let applied = 0;
  await consumer.run({
    eachMessage: async ({ message }) => {
      const row = JSON.parse(String(message.value)) as Row;
      if (row.action === 'DELETE') await target.query('delete from usual_employees where emp_id = $1', [row.emp_id]);
      else {
        await target.query(
          `insert into usual_employees values ($1, $2, $3, $4, $5, $6) on conflict (emp_id) do update
           set first_name = $2, last_name = $3, dob = $4, city = $5, salary = $6`,
          [row.emp_id, row.first_name, row.last_name, row.dob, row.city, row.salary],
        );
      }
      applied += 1;
      if (applied === changes) resolve();
    },
  });
  const { rows: start } = await source.query<{ last: string }>(
    'select coalesce(max(cdc_id), 0) as last from emp_cdc where emp_id is not null',
  );
  let last = start[0]?.last ?? '0';
  await source.query(
    `insert into employees (first_name, salary) select 'usual ' || n, n from generate_series(1, $1) n`,
    [changes],
  );
  const startedAt = performance.now();
  let sent = 0;
  while (sent < changes) {
    const { rows } = await source.query<Row>(NEWER, [last]);
    for (const row of rows) {
      await producer.send({ topic: TOPIC, messages: [{ key: String(row.emp_id), value: JSON.stringify(row) }] });
    }
    sent += rows.length;
    last = rows.at(-1)?.cdc_id ?? last;
    if (sent < changes) await sleep(POLL_EVERY_MS);
  }
  await done;
  const seconds = (performance.now() - startedAt) / 1_000;
  await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
  return changes / seconds;
}
