import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { SALARIES_DEAD_LETTER_TOPIC, SALARIES_TOPIC } from '../../../functions/core/topics.ts';
import { lambdaContext } from '../../support/lambda-context.ts';
import { createSalaryDatabase } from '../../support/salary-database.ts';
import { HEADER } from '../../support/salary-file.ts';
import { endpoints, uniqueName, untilServed } from '../../support/servers.ts';
import { readTopic } from '../../support/topic-records.ts';

type Handler = typeof import('../../../functions/transform-csv/handler.ts').handler;

let handler: Handler;
let database: Database;
let s3: S3Client;
/** The calls of the handler, whose connections stay open, as on Lambda. They would keep the process from ending. */
let published: jest.SpiedFunction<KafkaRecordPublisher['publish']>;
let opened: jest.SpiedFunction<typeof Database.open>;
const bucket = uniqueName('salaries');
const previousEnvironment = { ...process.env };

beforeAll(async () => {
  const { s3: server, kafka } = endpoints();
  const created = await createSalaryDatabase();
  database = created.database;
  // The functions read the addresses of the servers from their environment only.
  Object.assign(process.env, {
    KAFKA_BROKERS: kafka.brokers.join(','),
    TARGET_DATABASE_URL: created.url,
    AWS_LAMBDA_FUNCTION_NAME: 'transform-csv',
    AWS_REGION: server.region || 'eu-central-1',
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKeyId || 'test',
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey || 'test',
  });
  await createTopics([SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC]);
  s3 = new S3Client({});
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  published = jest.spyOn(KafkaRecordPublisher.prototype, 'publish');
  opened = jest.spyOn(Database, 'open');
  ({ handler } = await import('../../../functions/transform-csv/handler.ts'));
});

afterAll(async () => {
  s3?.destroy();
  await database?.close();
  for (const publisher of new Set(published.mock.contexts as KafkaRecordPublisher[])) await publisher.disconnect();
  for (const { value } of opened.mock.results) await (await value).close();
  process.env = previousEnvironment;
});

const kafka = () => new Kafka({ clientId: 'test', brokers: endpoints().kafka.brokers, logLevel: logLevel.NOTHING });

/** The names of the topics are fixed, so another test may have created them. */
async function createTopics(topics: readonly string[]): Promise<void> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    const present = await admin.listTopics();
    const missing = topics.filter((topic) => !present.includes(topic));
    await admin.createTopics({
      topics: missing.map((topic) => ({ topic, numPartitions: 3 })),
      waitForLeaders: false,
    });
    for (const topic of topics) await untilServed(admin, topic, 3);
  } finally {
    await admin.disconnect();
  }
}

/** The JSON values on a topic that this test has sent. */
async function valuesOf<Value>(topic: string, isOurs: (value: Value) => boolean): Promise<Value[]> {
  const records = await readTopic(endpoints().kafka.brokers, topic);
  return records.map(({ value }) => JSON.parse(String(value)) as Value).filter(isOurs);
}

let puts = 0;

/** Puts an object and returns the event that S3 sends. */
async function put(key: string, content: string): Promise<object> {
  puts += 1;
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
  return {
    Records: [
      {
        eventName: 'ObjectCreated:Put',
        s3: {
          bucket: { name: bucket },
          object: {
            key: encodeURIComponent(key).replaceAll('%20', '+'),
            size: Buffer.byteLength(content),
            eTag: ETag?.replaceAll('"', ''),
            sequencer: puts.toString(16).padStart(16, '0'),
          },
        },
      },
    ],
  };
}

const invoke = (event: object) => handler(event, lambdaContext('transform-csv'));

const fileOf = async (key: string) => {
  const { rows } = await database.query<Record<string, unknown>>(
    `select state, read, filtered_out, rejected, sent, end_recorded from ingested_file
     where bucket = $1 and key = $2 order by file_id`,
    [bucket, key],
  );
  return rows;
};

interface Sent {
  readonly bucket: string;
  readonly key: string;
  readonly rowNumber: number;
  readonly salary: number;
}

interface DeadLetterValue {
  readonly code: string;
  readonly origin: { readonly bucket?: string; readonly key?: string; readonly line?: number };
}

const sentOf = (key: string) => valuesOf<Sent>(SALARIES_TOPIC, (value) => value.bucket === bucket && value.key === key);
const deadLettersOf = (key: string) =>
  valuesOf<DeadLetterValue>(SALARIES_DEAD_LETTER_TOPIC, ({ origin }) => origin.bucket === bucket && origin.key === key);

const row = (salary: string | number, department = 'ECC') => `${department},D,P,T,E,01-Feb-2015,x,${salary}`;

describe('transform-csv on real servers', () => {
  it('sends the rows of an object with an encoded key, dead-letters unusable rows and counts all of them', async () => {
    const key = '2026/Employee Salaries + 100% Zürich 日本.csv';
    const event = await put(key, [HEADER, row('1.9'), row('x'), row(5, 'AGR'), row('2')].join('\r\n'));

    await invoke(event);

    const sent = (await sentOf(key)).sort((left, right) => left.rowNumber - right.rowNumber);
    expect(sent.map(({ rowNumber, salary }) => [rowNumber, salary])).toEqual([
      [1, 1],
      [4, 2],
    ]);
    expect(await deadLettersOf(key)).toMatchObject([{ code: 'PIPE_ROW_SALARY', origin: { line: 3 } }]);
    expect(await fileOf(key)).toEqual([
      { state: 'loading', read: 4, filtered_out: 1, rejected: 1, sent: 2, end_recorded: true },
    ]);
  });

  it('sends every row of a long file when two invocations run at the same time', async () => {
    const key = 'many.csv';
    const rowCount = 30_000;
    const rows = Array.from({ length: rowCount }, (_, index) => row(index));
    const event = await put(key, [HEADER, ...rows].join('\n'));

    await Promise.all([invoke(event), invoke(event)]);

    const numbers = new Set((await sentOf(key)).map(({ rowNumber }) => rowNumber));
    expect(numbers.size).toBe(rowCount);
    expect(await fileOf(key)).toMatchObject([{ read: rowCount, sent: rowCount, end_recorded: true }]);
  });

  it('rejects an unusable file with one dead letter, and accepts the next version of the key', async () => {
    const key = 'bad.csv';
    await invoke(await put(key, 'no,header\n'));
    await invoke(await put(key, `${HEADER}\n`));
    expect(await deadLettersOf(key)).toMatchObject([{ code: 'PIPE_FILE_HEADER' }]);
    expect(await fileOf(key)).toMatchObject([{ state: 'rejected' }, { state: 'complete' }]);
  });

  it('ends a version as superseded when its object was replaced before it is read', async () => {
    const key = 'replaced.csv';
    const older = await put(key, [HEADER, row(1)].join('\n'));
    const newer = await put(key, [HEADER, row(2)].join('\n'));
    await invoke(older);
    await invoke(newer);
    expect(await fileOf(key)).toMatchObject([{ state: 'superseded' }, { state: 'loading', sent: 1 }]);
    expect((await sentOf(key)).map(({ salary }) => salary)).toEqual([2]);
  });

  it('throws when the bucket is missing, so that the event is retried', async () => {
    const event = await put('gone-bucket.csv', `${HEADER}\n`);
    const inMissingBucket = JSON.parse(JSON.stringify(event).replaceAll(bucket, `${bucket}-missing`));
    await expect(invoke(inMissingBucket)).rejects.toThrow();
  });
});
