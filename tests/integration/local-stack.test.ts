import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { processIdentity } from '../../localstack/stack/process/process-info.ts';
import { cacheDirectory } from '../../localstack/stack/tools/maven-jars.ts';
import { makeTopic } from '../support/servers.ts';
import { processesOf, StackProcess } from '../support/stack-process.ts';

// Starts, and starts again after a kill, all servers while another test file does the same.
jest.setTimeout(600_000);

const root = mkdtempSync(join(tmpdir(), 'local-stack-test-'));
const started: StackProcess[] = [];

function startStack(...args: ConstructorParameters<typeof StackProcess>): StackProcess {
  const stack = new StackProcess(...args);
  started.push(stack);
  return stack;
}

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await waitFor(() => processesOf(root).length === 0);
  rmSync(root, { recursive: true, force: true });
});

describe('a stack with all servers', () => {
  const directory = join(root, 'all');
  let stack: StackProcess;
  let endpoints: StackEndpoints;

  test('brings every server that is killed back, at the same place and with its data', async () => {
    stack = startStack({ directory });
    const { endpoints: before, pids } = await stack.ready();
    endpoints = before;
    await writeEverywhere(endpoints);
    for (const pid of Object.values(pids)) process.kill(pid, 'SIGKILL');
    const titles = ['Kafka', 'PostgreSQL (source)', 'PostgreSQL (target)', 'S3 (fauxqs)', 'DynamoDB'];
    await Promise.all(titles.map((title) => stack.notice(`${title} is back`)));
    expect(await readEverywhere(endpoints)).toEqual(written);
  });

  test('refuses a second start in the same directory, and says who is there', async () => {
    const second = startStack({ directory });
    await expect(second.ready()).rejects.toThrow(`A stack is already running in ${directory} (process ${stack.pid})`);
    expect(await second.exited).toBe(1);
    expect(await readEverywhere(endpoints)).toEqual(written);
  });

  test('leaves nothing running when its process is killed', async () => {
    stack.child.kill('SIGKILL');
    await waitFor(() => processesOf(directory).length === 0);
  });

  test('starts on the data of a killed one, although another process has its id by now', async () => {
    const pidFile = join(directory, 'target', 'data', 'postmaster.pid');
    const stale = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '1\n';
    writeFileSync(pidFile, stale.replace(/^\d+/, String(process.pid)));
    stack = startStack({ directory });
    ({ endpoints } = await stack.ready());
    expect(await readEverywhere(endpoints)).toEqual(written);
  });

  test('stops on Ctrl-C with exit code 0 and leaves nothing running', async () => {
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
    await waitFor(() => processesOf(directory).length === 0);
  });
});

test('begins with empty data when asked to', async () => {
  const directory = join(root, 'fresh');
  const servers = ['s3'] as const;
  const first = startStack({ directory, servers });
  const s3 = s3Client((await first.ready()).endpoints);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  first.child.kill('SIGINT');
  await first.exited;
  const second = startStack({ directory, servers, fresh: true });
  await s3Client((await second.ready()).endpoints).send(new CreateBucketCommand({ Bucket: 'kept' }));
  second.child.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

test('stops everything when one server does not start, and tells its last words', async () => {
  const directory = join(root, 'failing');
  const data = join(directory, 'source', 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const stack = startStack({ directory, servers: ['sourceDatabase', 's3'] });
  await expect(stack.ready()).rejects.toThrow(
    /PostgreSQL \(source\) did not start: it ended with code 2.*postgresql\.conf/s,
  );
  expect(await stack.exited).toBe(1);
  await waitFor(() => processesOf(directory).length === 0);
});

test('ends with the reason when a server dies three times within a minute', async () => {
  const directory = join(root, 'dying');
  const stack = startStack({ directory, servers: ['s3', 'targetDatabase'] });
  let pid = (await stack.ready()).pids.s3;
  for (const last of [false, false, true]) {
    process.kill(pid, 'SIGKILL');
    if (!last) pid = await successor(directory, pid);
  }
  const { message } = await stack.event(({ event }) => event === 'fatal');
  expect(message).toMatch(
    /^S3 \(fauxqs\) died 3 times within a minute, the last time: .*it was ended by SIGKILL\. Its log is/,
  );
  expect(await stack.exited).toBe(1);
  await waitFor(() => processesOf(directory).length === 0);
});

test('ends a server that has outlived both its parent and its watchdog before it starts another', async () => {
  const directory = join(root, 'orphan');
  const servers = ['s3'] as const;
  const first = startStack({ directory, servers });
  const orphan = (await first.ready()).pids.s3;
  const watchdogs = processesOf(directory).filter(({ pid, session }) => session === orphan && pid !== orphan);
  expect(watchdogs).toHaveLength(1);
  for (const { pid } of watchdogs) process.kill(pid, 'SIGKILL');
  first.child.kill('SIGKILL');
  await first.exited;
  expect(processIdentity(orphan)).toBeDefined();
  const second = startStack({ directory, servers });
  await second.ready();
  expect(second.transcript).toContain(`S3 (fauxqs) of an earlier run (process ${orphan}) is still there`);
  expect(processIdentity(orphan)).toBeUndefined();
  second.child.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
// Only root can become somebody else.
const asNobody = process.getuid?.() === 0 && mayBeReadBy(nobody) ? test : test.skip;

/** Whether an ordinary user may run what is in here; nobody but root may where the clone lies in root's own home. */
function mayBeReadBy([command = '', ...args]: readonly string[]): boolean {
  const { status } = spawnSync(command, [...args, 'test', '-r', __filename]);
  if (status !== 0) console.warn('this clone is closed to ordinary users: a stack of theirs is not tested');
  return status === 0;
}

asNobody('works as an ordinary user, too', async () => {
  const directory = join(root, 'ordinary');
  const cache = join(root, 'cache', 'employee-streams');
  cpSync(cacheDirectory(), cache, { recursive: true });
  mkdirSync(directory, { mode: 0o777 });
  await run('chown', '-R', '65534:65534', root);
  const stack = startStack({ directory }, nobody, { HOME: root, XDG_CACHE_HOME: join(root, 'cache') });
  const { endpoints, pids } = await stack.ready();
  await writeEverywhere(endpoints);
  expect(await readEverywhere(endpoints)).toEqual(written);
  for (const pid of Object.values(pids)) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
  stack.child.kill('SIGINT');
  expect(await stack.exited).toBe(0);
  await waitFor(() => processesOf(directory).length === 0);
});

const written = { source: 'Ä', target: 'Ä', s3: 'Ä', dynamodb: 'Ä', kafka: ['Ä'] };

async function writeEverywhere(endpoints: StackEndpoints): Promise<void> {
  for (const url of [endpoints.sourceDatabaseUrl, endpoints.targetDatabaseUrl]) {
    await query(url, "create table kept as select 'Ä'::text as value");
  }
  const s3 = s3Client(endpoints);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'kept', Body: 'Ä' }));
  const dynamodb = dynamodbClient(endpoints);
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'kept',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await dynamodb.send(new PutItemCommand({ TableName: 'kept', Item: { id: { S: 'kept' }, value: { S: 'Ä' } } }));
  const kafka = kafkaClient(endpoints);
  const [admin, producer] = [kafka.admin(), kafka.producer({ idempotent: true })];
  await admin.connect();
  await makeTopic(admin, 'kept', 1);
  await admin.disconnect();
  await producer.connect();
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'Ä' }] });
  await producer.disconnect();
}

async function readEverywhere(endpoints: StackEndpoints): Promise<typeof written> {
  const { Body } = await s3Client(endpoints).send(new GetObjectCommand({ Bucket: 'kept', Key: 'kept' }));
  const { Item } = await dynamodbClient(endpoints).send(
    new GetItemCommand({ TableName: 'kept', Key: { id: { S: 'kept' } }, ConsistentRead: true }),
  );
  return {
    source: await query(endpoints.sourceDatabaseUrl, 'select value from kept'),
    target: await query(endpoints.targetDatabaseUrl, 'select value from kept'),
    s3: (await Body?.transformToString()) ?? '',
    dynamodb: Item?.['value']?.S ?? '',
    kafka: await readTopic(endpoints),
  };
}

async function readTopic(endpoints: StackEndpoints): Promise<string[]> {
  const groupId = `reader-${Date.now()}`;
  const consumer = kafkaClient(endpoints).consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: ['kept'], fromBeginning: true });
  const values = await new Promise<string[]>((resolve, reject) => {
    consumer
      .run({ eachBatch: async ({ batch }) => resolve(batch.messages.map(({ value }) => String(value))) })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

async function query(connectionString: string, text: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return String((await client.query(text)).rows[0]?.value);
  } finally {
    await client.end();
  }
}

function s3Client({ s3 }: StackEndpoints): S3Client {
  return new S3Client({ endpoint: s3.endpoint, region: s3.region, credentials: s3, forcePathStyle: true });
}

function dynamodbClient({ dynamodb, s3 }: StackEndpoints): DynamoDBClient {
  return new DynamoDBClient({ endpoint: dynamodb.endpoint, region: s3.region, credentials: s3 });
}

function kafkaClient({ kafka }: StackEndpoints): Kafka {
  return new Kafka({ clientId: 'local-stack-test', brokers: kafka.brokers, logLevel: logLevel.NOTHING });
}

/** The S3 server that is started for one that has died; it may be killed before it answers. */
async function successor(directory: string, previous: number): Promise<number> {
  const record = join(directory, 'run', 's3.json');
  const read = () => Number(/"pid":(\d+),/.exec(readFileSync(record, 'utf8'))?.[1] ?? previous);
  await waitFor(() => read() !== previous);
  return read();
}

async function run(file: string, ...args: string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile(file, args, (error) => (error === null ? resolve() : reject(error)));
  });
}

async function waitFor(condition: () => boolean): Promise<void> {
  const timeoutMs = 240_000;
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await delay(50);
  }
}
