import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { Kafka, type Admin as KafkaJsAdmin, logLevel } from 'kafkajs';
import pg from 'pg';
import { decodePosition } from '../../../functions/core/change-position.ts';
import { LocalStack } from '../../../localstack/stack/local-stack.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { openTestWatch } from '../../support/cdc/wiring.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { createDatabase, makeTopic, uniqueName } from '../../support/servers.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function track(pipeline: CdcPipeline): CdcPipeline {
  closing.push(() => pipeline.close());
  return pipeline;
}

const insert = (pipeline: CdcPipeline, count: number) =>
  pipeline.source.query(`insert into employees (salary) select n from generate_series(1, ${count}) n`);

async function position(pipeline: CdcPipeline) {
  return decodePosition((await pipeline.ledger().read())?.position ?? '');
}

/** A pipeline that has applied 100 employees and is stopped; its group has committed that. */
async function createStopped() {
  const pipeline = track(await CdcPipeline.create());
  const group = uniqueName('positions');
  const applier = await pipeline.startApplier(group);
  const poller = await pipeline.startPoller();
  await insert(pipeline, 100);
  await pipeline.untilConverged();
  await poller.stop();
  await applier.stop();
  return { pipeline, group };
}

/** Looks as watch-replica does until it has found gaps. */
async function untilGapsFound(pipeline: CdcPipeline, group: string) {
  const { replicaWatch: watch, close } = await openTestWatch(pipeline.settings, group, new RecordingLogger());
  closing.push(close);
  await eventually(() => watch.look(), { what: 'gaps' });
  return watch;
}

async function withGroupAdmin(pipeline: CdcPipeline, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...pipeline.settings.brokers] });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

async function withTopicAdmin(
  { settings }: CdcPipeline,
  work: (admin: KafkaJsAdmin) => Promise<unknown>,
): Promise<void> {
  const kafka = new Kafka({ clientId: 'test', brokers: [...settings.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

function recreateTopic(pipeline: CdcPipeline): Promise<void> {
  const { topic } = pipeline.settings;
  return withTopicAdmin(pipeline, async (admin) => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    await eventually(async () => !(await admin.listTopics()).includes(topic));
    await makeTopic(admin, topic, pipeline.partitionCount);
  });
}

test('changes that Kafka has lost with all its data reach the target by a new snapshot', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'changes-kafka-'));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  const startKafka = async () => {
    const options = { directory, ports: 'free', servers: ['kafka'], fresh: true } as const;
    const server = new LocalStack({ ...options, onNotice: () => {}, onFatal: () => {} });
    closing.push(() => server.stop());
    return { server, brokers: (await server.start()).kafka.brokers };
  };
  const { server, brokers } = await startKafka();
  const before = track(await CdcPipeline.create({ brokers }));
  const poller = await before.startPoller();
  await insert(before, 1_000);
  await before.untilStreaming();
  await poller.stop();
  await server.stop();

  const after = track(before.withSettings({ brokers: (await startKafka()).brokers }, 'new pools'));
  await recreateTopic(after);
  await after.startPoller();
  await after.startApplier();
  await after.untilConverged();
  expect((await position(after)).snapshotReason).toMatchObject({ code: 'PIPE_TOPIC_REPLACED' });
  expect(await after.employees(after.target)).toHaveLength(1_000);
});

test('changes that were lost with a topic that is created again reach the target while the poller runs', async () => {
  const { pipeline } = await createStopped();
  await pipeline.startPoller();
  await insert(pipeline, 50);
  await recreateTopic(pipeline);
  await pipeline.source.query('delete from employees where emp_id <= 10');
  await eventually(async () => (await position(pipeline)).snapshotReason?.code.startsWith('PIPE_TOPIC_'), {
    what: 'a snapshot because of the topic',
  });
  await pipeline.startApplier();
  await pipeline.untilConverged();
  expect(await pipeline.employees(pipeline.target)).toHaveLength(140);
});

test('a target restored from an older copy gets what it lacks, although no further change comes', async () => {
  const { pipeline: before, group } = await createStopped();
  const copyUrl = await createDatabase('target');
  const [copy, original] = [copyUrl, before.settings.targetUrl].map((url) => new URL(url).pathname.slice(1));
  const admin = new pg.Client({ connectionString: new URL('/postgres', copyUrl).href });
  await admin.connect();
  closing.push(() => admin.end());
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [original]);
  await admin.query(`drop database ${copy}`);
  await admin.query(`create database ${copy} template ${original}`);
  const applier = await before.startApplier(group);
  const poller = await before.startPoller();
  await insert(before, 100);
  await before.untilConverged();
  await poller.stop();
  await applier.stop();

  const restored = track(before.withSettings({ targetUrl: copyUrl }, 'new pools'));
  await restored.startPoller();
  await restored.startApplier(group);
  const watch = await untilGapsFound(restored, group);
  await restored.untilConverged();
  expect(await restored.employees(restored.target)).toHaveLength(200);
  expect((await position(restored)).snapshotReason).toMatchObject({ code: 'PIPE_CHANGES_MISSING' });
  expect(await watch.look()).toBe(0);
});

test('changes that the group was moved past reach the target', async () => {
  const { pipeline, group } = await createStopped();
  const name = pipeline.settings.topic;
  const poller = await pipeline.startPoller();
  await insert(pipeline, 50);
  await eventually(async () => (await pipeline.readTopic(pipeline.settings.topic)).length >= 150);
  await poller.stop();
  await withGroupAdmin(pipeline, async (admin) => {
    const latest = [0, 1, 2].map((partitionIndex) => ({ partitionIndex, timestamp: -1n }));
    const [ends] = await admin.listOffsets({ topics: [{ name, partitions: latest }] });
    const partitionOffsets = ends?.partitions.map(({ partitionIndex, offset }) => ({
      partition: partitionIndex,
      offset,
    }));
    await admin.alterConsumerGroupOffsets({
      groupId: group,
      topics: [{ name, partitionOffsets: partitionOffsets ?? [] }],
    });
  });
  await pipeline.startPoller();
  await pipeline.startApplier(group);
  await untilGapsFound(pipeline, group);
  await pipeline.untilConverged();
  expect(await pipeline.employees(pipeline.target)).toHaveLength(150);
});

test('changes whose records were deleted before they were applied reach the target', async () => {
  const { pipeline, group } = await createStopped();
  await pipeline.startPoller();
  await insert(pipeline, 50);
  await eventually(async () => (await pipeline.readTopic(pipeline.settings.topic)).length >= 150);
  await withGroupAdmin(pipeline, (admin) =>
    admin.deleteRecords({
      topics: [
        { name: pipeline.settings.topic, partitions: [0, 1, 2].map((partition) => ({ partition, offset: -1n })) },
      ],
    }),
  );
  await pipeline.startApplier(group);
  await untilGapsFound(pipeline, group);
  await pipeline.untilConverged();
  expect(await pipeline.employees(pipeline.target)).toHaveLength(150);
});

test('changes with a position from before the last snapshot are not taken for old ones', async () => {
  const { pipeline, group } = await createStopped();
  const older = (await pipeline.ledger().read())?.position ?? '';
  await pipeline.ledger().requestResnapshot('test');
  const poller = await pipeline.startPoller();
  const applier = await pipeline.startApplier(group);
  const { epoch } = decodePosition(older);
  await eventually(
    async () => (await position(pipeline)).epoch > epoch && (await position(pipeline)).progress.phase === 'stream',
  );
  await poller.stop();
  await applier.stop();
  await pipeline.replacePosition(older);
  await pipeline.source.query('update employees set salary = 7');
  await pipeline.startPoller();
  await pipeline.startApplier(group);
  await pipeline.untilConverged();
  expect((await position(pipeline)).snapshotReason).toMatchObject({ code: 'PIPE_POSITION_OUTDATED' });
});

test('changes converge while partitions are added, and a snapshot then uses all of them', async () => {
  const { pipeline, group } = await createStopped();
  const { topic } = pipeline.settings;
  await pipeline.startPoller();
  await insert(pipeline, 50);
  await withTopicAdmin(pipeline, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] }));
  await pipeline.source.query('update employees set salary = salary + 1');
  await pipeline.source.query('delete from employees where emp_id <= 10');
  await pipeline.startApplier(group);
  await pipeline.untilConverged();
  const endsInFivePartitions = async () => {
    await pipeline.ledger().requestResnapshot('test');
    const messages = (await pipeline.readTopic(topic)).map(({ value }) => JSON.parse(value ?? '{}'));
    return messages.filter(({ action, partitions }) => action === 'SNAPSHOT_END' && partitions === 5).length >= 5;
  };
  await eventually(endsInFivePartitions, { what: 'the ends of a snapshot in five partitions', everyMs: 1_000 });
  await pipeline.untilConverged();
});
