import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { putIntoBucket } from '../../localstack/commands/bucket.ts';
import { salaryCsv } from '../../localstack/commands/salary-csv.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { sdkEnvironment } from '../../localstack/stack/service/environment.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';

const USAGE = `npm run bench:transform-memory [-- --json]
  --json  one line of JSON behind the table`;

/** A bucket that no event source watches: the files are transformed in processes of their own. */
const BUCKET = 'transform-memory';
const MEGABYTE = 1e6;

interface Measured {
  readonly megabytes: number;
  readonly seconds: number;
  /** Peak resident memory of a process that runs this function and nothing else. */
  readonly peakRssMb: number;
}

/** Transforms a file of at least so many bytes with the function's own handler, servers and all. */
async function measure(
  megabytes: number,
  bundle: string,
  endpoints: StackEndpoints,
  client: S3Client,
): Promise<Measured> {
  const key = `${megabytes}.csv`;
  say(`uploading ${megabytes} MB`);
  const body = Readable.from(upTo(megabytes * MEGABYTE, salaryCsv({ rows: Number.MAX_SAFE_INTEGER, seed: megabytes })));
  await putIntoBucket({ ...endpoints.s3, bucket: BUCKET }, key, body);
  const { ETag = '' } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
  say(`transforming ${megabytes} MB`);
  const child = fork(new URL('transform-memory/transform-process.ts', import.meta.url), [bundle, BUCKET, key, ETag], {
    env: {
      ...process.env,
      ...sdkEnvironment(endpoints),
      KAFKA_BROKERS: endpoints.kafka.brokers.join(','),
      KAFKA_AUTH: 'none',
      TARGET_DATABASE_URL: endpoints.targetDatabaseUrl,
      POWERTOOLS_METRICS_DISABLED: 'true',
      // As in serverless.yml.
      NODE_OPTIONS: '--max-semi-space-size=8',
      MALLOC_ARENA_MAX: '2',
      AWS_LAMBDA_FUNCTION_NAME: 'transform-csv',
      SALARY_DEPARTMENTS: 'ECC,CIT,EMS',
      HIRED_SINCE: '2010-01-01',
      CONTINUE_BEFORE_END_SECONDS: '30',
      POWERTOOLS_LOG_LEVEL: 'WARN',
    },
  });
  const told = once(child, 'message') as Promise<[Omit<Measured, 'megabytes'>]>;
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the transform of ${megabytes} MB ended with status ${code}`);
  return { megabytes, ...(await told)[0] };
}

/** Whole lines until there are enough of them. */
function* upTo(bytes: number, lines: Iterable<string>): Generator<string> {
  let made = 0;
  for (const line of lines) {
    yield line;
    made += Buffer.byteLength(line);
    if (made >= bytes) return;
  }
}

async function run(stack: TemporaryStack): Promise<Measured[]> {
  say('starting a stack of its own');
  const endpoints = await stack.start();
  const bundle = join(stack.directory, 'build', '.build', 'functions', 'transform-csv', 'handler.mjs');
  const { endpoint, region, accessKeyId, secretAccessKey } = endpoints.s3;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  try {
    return [await measure(100, bundle, endpoints, client), await measure(1_000, bundle, endpoints, client)];
  } finally {
    client.destroy();
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const stack = new TemporaryStack({ onNotice: say });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stack.stop().finally(() => process.exit(130)));
  }
  try {
    const measured = await stack.whileUp(run(stack));
    console.table(measured);
    const [small, large] = measured.map(({ peakRssMb }) => peakRssMb) as [number, number];
    const ratio = Number((large / small).toFixed(2));
    if (values.json) process.stdout.write(`${JSON.stringify({ peakRssMb: { small, large }, ratio })}\n`);
  } catch (error) {
    say(`The benchmark failed: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    await stack.stop();
  }
  if (process.exitCode === 1) process.exit();
}
