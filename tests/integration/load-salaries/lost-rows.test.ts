import { Admin } from '@platformatic/kafka';
import pg from 'pg';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicInspector } from '../../../functions/adapters/kafka/kafka-topic-inspector.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { RowsWatch } from '../../../functions/watch-replica/rows-watch.ts';
import {
  arrivalOf,
  BUCKET,
  begin,
  countsOf,
  ingest,
  rowsOf,
  type SalaryDatabaseUnderTest,
} from '../../contract/salary-database.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { createSalaryDatabase, portsOn, wrongTotals } from '../../support/salary-database.ts';
import { createTopic, endpoints, uniqueName } from '../../support/servers.ts';

const MINUTE_MS = 60_000;
const ROWS = 10;
const before = arrivalOf('before.csv', '1');
const during = arrivalOf('during.csv', '1');
const after = arrivalOf('after.csv', '1');

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Creates a database with the present contents of another one, to which nothing is connected. */
async function copyOf(url: string): Promise<string> {
  const copy = new URL(url);
  copy.pathname = uniqueName('copy').replaceAll('-', '_');
  const admin = new pg.Client({ connectionString: new URL('/postgres', url).href });
  await admin.connect();
  try {
    await admin.query(`create database ${copy.pathname.slice(1)} template ${new URL(url).pathname.slice(1)}`);
  } finally {
    await admin.end();
  }
  return copy.href;
}

async function open(url: string): Promise<Database> {
  const database = await Database.open({ url, applicationName: 'test', maxConnections: 2 });
  closing.push(() => database.close());
  return database;
}

async function openWatch(target: SalaryDatabaseUnderTest, topic: string, group: string) {
  const inspector = new KafkaTopicInspector({ brokers: endpoints().kafka.brokers, auth: 'none', clientId: 'test' });
  closing.push(() => inspector.disconnect());
  const unfinishedFiles = target.unfinishedFiles(BUCKET);
  const dependencies = { inspector, unfinishedFiles, conditions: new InMemoryConditionStore(), topic, group };
  return { watch: new RowsWatch({ ...dependencies, logger: new RecordingLogger() }), unfinishedFiles };
}

/** Publishes as many records as a file has rows, and lets the group pass all records of the topic. */
async function publishAndPass(topic: string, group: string): Promise<void> {
  const { brokers } = endpoints().kafka;
  const publisher = new KafkaRecordPublisher({ brokers, auth: 'none', clientId: 'test' });
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...brokers] });
  try {
    const records = Array.from({ length: ROWS }, (_, row) => ({ key: null, value: String(row), partition: row % 2 }));
    const offsets = await publisher.publish(topic, records);
    const partitionOffsets = offsets.map(({ partition, next }) => ({ partition, offset: next }));
    await admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] });
  } finally {
    await Promise.all([publisher.disconnect(), admin.close()]);
  }
}

test('a target restored from an older copy gets the rows whose offsets are committed, and the totals stay right', async () => {
  const [topic, group] = [await createTopic('rows', 2), uniqueName('group')];
  const created = await createSalaryDatabase(2);
  const original = portsOn(created.database);
  await ingest(original, before, ROWS);
  await begin(original, during);
  await original.ledger.finish(during, countsOf(ROWS));
  await original.tables.load(rowsOf(during, 1, 4));
  await created.database.close();
  const copyUrl = await copyOf(created.url);

  const database = await open(created.url);
  const present = portsOn(database);
  await publishAndPass(topic, group);
  await present.tables.load(rowsOf(during, 5, ROWS));
  await ingest(present, after, ROWS);
  expect(await (await openWatch(present, topic, group)).watch.look()).toBe(0);

  const restoredDatabase = await open(copyUrl);
  const restored = portsOn(restoredDatabase);
  const { watch, unfinishedFiles } = await openWatch(restored, topic, group);
  expect(await watch.look()).toBe(1);
  expect(await unfinishedFiles.findStalled(MINUTE_MS)).toMatchObject([{ key: 'during.csv' }]);
  const put = new Date(Date.now() - 10 * MINUTE_MS);
  const listed = [before, during, after].map(({ key, eTag, sizeBytes }) => ({
    key,
    eTag,
    sizeBytes,
    lastModified: put,
  }));
  expect(await unfinishedFiles.findUnreported(listed, MINUTE_MS)).toMatchObject([{ key: 'after.csv' }]);

  // As transform-csv and load-salaries do when the files are started again.
  await begin(restored, during);
  await restored.ledger.finish(during, countsOf(ROWS));
  await restored.tables.load(rowsOf(during, 1, ROWS));
  await ingest(restored, after, ROWS);
  expect(await watch.look()).toBe(0);
  expect(await restored.totals()).toEqual(await present.totals());
  expect(await restored.account(during)).toMatchObject({ state: 'complete', loaded: ROWS });
  expect([...(await wrongTotals(database)), ...(await wrongTotals(restoredDatabase))]).toEqual([]);
});
