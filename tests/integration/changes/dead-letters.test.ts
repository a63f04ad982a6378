import { type IHeaders, Kafka, logLevel, type Producer } from 'kafkajs';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../../../functions/adapters/postgres/postgres-dead-letter-ledger.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { DeadLetterIndexer } from '../../../functions/index-dead-letters/dead-letter-indexer.ts';
import { restoreDeadLetters } from '../../../functions/runtime/kafka-event.ts';
import { FakeEventSource } from '../../support/cdc/fake-event-source.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { openTestApplier } from '../../support/cdc/wiring.ts';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../../support/servers.ts';

const STRICT = { rules: 'salaryAbove=10000' };

let pipeline: CdcPipeline;
let producer: Producer;
beforeEach(async () => {
  pipeline = await CdcPipeline.create(STRICT);
  const { brokers } = pipeline.settings;
  producer = new Kafka({ clientId: 'any-tool', brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
});
afterEach(async () => {
  await producer.disconnect();
  await pipeline.close();
});

const changeOf = (empId: number, changeId: number, salary: number) =>
  JSON.stringify({
    ...{ schema: 1, epoch: '1', changeId: String(changeId), action: 'UPDATE', changedAt: '2026-11-26T10:00:00Z' },
    employee: { empId, firstName: 'Ada', lastName: null, dob: null, city: null, salary },
  });

const write = (value: string, more: { key?: string; headers?: IHeaders; partition?: number } = {}) =>
  producer.send({ topic: pipeline.settings.topic, messages: [{ value, ...more }] });

/** The dead letters on the topic, as a tool reads them: text and headers. */
const readDeadLetters = (count: number) =>
  eventually(
    async () => {
      const records = await pipeline.readTopic(pipeline.settings.deadLetterTopic);
      return records.length >= count && records;
    },
    { what: `${count} dead letters` },
  );

const salaries = async () => (await pipeline.target.query('select emp_id, salary from employees order by 1')).rows;
const salariesAre = (expected: readonly object[]) =>
  eventually(async () => JSON.stringify(await salaries()) === JSON.stringify(expected), { what: 'the salaries' });

test('a dead letter has headers, and a plain copy of its value is processed as the record that failed', async () => {
  const { topic } = pipeline.settings;
  const group = uniqueName('applier');
  const applier = await pipeline.startApplier(group);
  await write(changeOf(7, 1, 20_000), { key: '7', partition: 0 });
  await write(changeOf(7, 2, 5_000), { key: '7', partition: 0, headers: { source: 'größe' } });
  const [failed] = await readDeadLetters(1);
  expect(failed).toMatchObject({
    key: '7',
    headers: {
      '__dlq.errors.topic': topic,
      '__dlq.errors.partition': '0',
      '__dlq.errors.offset': '1',
      '__dlq.errors.group': 'test-applier',
      '__dlq.errors.delivery.count': '1',
      '__dlq.errors.message': 'salaryAbove: rule salaryAbove expects a salary above 10000',
      'x-original-topic': topic,
      'dlq.id': `${topic}/0/1`,
      'dlq.code': 'salaryAbove',
      'dlq.attempts': '1',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    },
  });
  expect(JSON.parse(failed?.value ?? '')).toMatchObject({
    ...{ code: 'salaryAbove', rule: 'salaryAbove', attempts: 1 },
    first: { origin: { topic, partition: 0, offset: '1' } },
    headers: [['source', Buffer.from('größe').toString('base64')]],
  });

  // The cause is still there: the copy is the second attempt of the same failure.
  await write(failed?.value ?? '', { partition: 1 });
  const [, again] = await readDeadLetters(2);
  expect(again).toMatchObject({
    key: '7',
    headers: { 'dlq.id': `${topic}/0/1`, 'dlq.attempts': '2', '__dlq.errors.partition': '1' },
  });
  expect(again?.headers?.['dlq.first-at']).toBe(failed?.headers?.['dlq.first-at']);
  expect(JSON.parse(again?.value ?? '').payload).toBe(changeOf(7, 2, 5_000));

  await applier.stop();
  const lenient = await pipeline.withSettings({ rules: 'noNegativeEmpId' }).startApplier(group);
  await write(again?.value ?? '', { partition: 2 });
  await salariesAre([{ emp_id: 7, salary: 5_000 }]);

  // A copy that is late does not replace what is newer.
  await write(changeOf(7, 3, 30_000), { key: '7', partition: 0 });
  await salariesAre([{ emp_id: 7, salary: 30_000 }]);
  await write(again?.value ?? '', { partition: 2 });
  await write(changeOf(8, 4, 40_000), { key: '8', partition: 2 });
  await salariesAre([
    { emp_id: 7, salary: 30_000 },
    { emp_id: 8, salary: 40_000 },
  ]);
  await lenient.stop();
});

test('the ledger has each failure once, although the applier and the indexer die after each write', async () => {
  const { brokers, topic, deadLetterTopic, targetUrl } = pipeline.settings;
  const database = await Database.open({ url: targetUrl, applicationName: 'test-indexer' });
  const ledger = new PostgresDeadLetterLedger(database);
  const indexer = new DeadLetterIndexer(ledger);
  const { applier, close } = await openTestApplier(pipeline.settings);
  let deaths = 0;
  /** As a function that is killed after its work and before its event source commits: the batch is delivered again. */
  const dieOnce = (work: (records: readonly KafkaRecord[]) => Promise<unknown>) => {
    const seen = new Set<string>();
    return async (records: readonly KafkaRecord[]) => {
      await work(records);
      const place = `${records[0]?.partition}/${records[0]?.offset}`;
      if (seen.has(place)) return;
      seen.add(place);
      deaths += 1;
      throw new Error('killed');
    };
  };
  await pipeline.startEventSource(dieOnce((records) => applier.apply(restoreDeadLetters(records))));
  const index = new FakeEventSource(
    brokers,
    deadLetterTopic,
    1,
    dieOnce((records) => indexer.index(records)),
  );
  await index.start();
  try {
    for (const empId of [1, 2, 3]) await write(changeOf(empId, empId, 5_000), { key: String(empId), partition: 0 });
    await readDeadLetters(6);
    await eventually(
      async () => (await ledger.count({})).reduce((sum, { count }) => sum + count, 0) === 3 && deaths > 1,
    );

    const entries = await ledger.list({ key: '2' }, 10);
    expect(entries).toMatchObject([
      { id: `${topic}/0/1`, code: 'salaryAbove', rule: 'salaryAbove', attempts: 1, state: 'open', recordKey: '2' },
    ]);
    expect(await ledger.count({})).toEqual([{ topic: deadLetterTopic, code: 'salaryAbove', state: 'open', count: 3 }]);
  } finally {
    await index.stop();
    await close();
    await database.close();
  }
});

test('a dead letter whose payload was edited becomes another dead letter', async () => {
  await pipeline.startApplier();
  await write(changeOf(7, 1, 5_000), { key: '7', partition: 0 });
  const [failed] = await readDeadLetters(1);

  const edited = (failed?.value ?? '').replace('5000', '50000');
  await write(edited, { partition: 1 });

  const [, refused] = await readDeadLetters(2);
  expect(refused?.headers).toMatchObject({ 'dlq.code': 'PIPE_DEAD_LETTER_EDITED', 'dlq.attempts': '1' });
  expect(refused?.headers?.['dlq.id']).toBe(`${pipeline.settings.topic}/1/0`);
  expect(JSON.parse(refused?.value ?? '').payload).toBe(edited);
  expect(await salaries()).toEqual([]);
});
