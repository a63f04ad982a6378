import { type Kafka, Kafka as KafkaClient, logLevel } from 'kafkajs';
import type pg from 'pg';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { makeTopic } from '../../support/servers.ts';
import { firstRows, type SalaryInput, type StoredRow } from './salary-input.ts';

const TOPIC = 'usual-style';
const PARTITIONS = 6;

/**
 * Loads rows in the usual style on the same servers: one consumer makes one insert, one update of the total and one
 * commit per message.
 *
 * @returns the milliseconds from the first message to the last commit, without reading the file and producing.
 */
export async function runUsualStyle(
  input: SalaryInput,
  messageCount: number,
  { kafka: { brokers } }: StackEndpoints,
  target: pg.Client,
): Promise<number> {
  await target.query('create schema usual_style');
  await target.query(`create table usual_style.department_employee (
    department varchar(200), department_division varchar(200), position_title varchar(200), hire_date date, salary integer)`);
  await target.query(`create table usual_style.department_employee_salary (
    department varchar(200) primary key, total_salary bigint not null)`);
  const kafka = new KafkaClient({ clientId: TOPIC, brokers, logLevel: logLevel.NOTHING });
  await produce(kafka, await firstRows(input.copyPath, messageCount));
  const elapsedMs = await consume(kafka, messageCount, target);
  const { rows } = await target.query<{ count: string }>('select count(*) from usual_style.department_employee');
  if (Number(rows[0]?.count) < messageCount) throw new Error(`${rows[0]?.count} rows of ${messageCount} were loaded`);
  return elapsedMs;
}

async function produce(kafka: Kafka, rows: readonly StoredRow[]): Promise<void> {
  const admin = kafka.admin();
  const producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  try {
    await makeTopic(admin, TOPIC, PARTITIONS);
    const messages = rows.map((row) => ({ value: JSON.stringify(row) }));
    for (let at = 0; at < messages.length; at += 1_000) {
      await producer.send({ topic: TOPIC, messages: messages.slice(at, at + 1_000) });
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

async function consume(kafka: Kafka, messageCount: number, target: pg.Client): Promise<number> {
  const consumer = kafka.consumer({ groupId: TOPIC });
  const finished = Promise.withResolvers<number>();
  let startedAt: number | undefined;
  let loaded = 0;
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        startedAt ??= performance.now();
        await loadOne(target, JSON.parse(String(message.value)) as StoredRow);
        loaded += 1;
        if (loaded === messageCount) finished.resolve(performance.now() - startedAt);
      },
    });
    return await finished.promise;
  } finally {
    await consumer.disconnect();
  }
}

async function loadOne(target: pg.Client, row: StoredRow): Promise<void> {
  await target.query('begin');
  await target.query('insert into usual_style.department_employee values ($1, $2, $3, $4, $5)', [...row]);
  await target.query(
    `insert into usual_style.department_employee_salary as totals values ($1, $2)
     on conflict (department) do update set total_salary = totals.total_salary + excluded.total_salary`,
    [row[0], row[4]],
  );
  await target.query('commit');
}
