import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { putIntoBucket } from '../../localstack/commands/bucket.ts';
import { salaryCsv } from '../../localstack/commands/salary-csv.ts';
import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram } from '../../localstack/commands/terminal/program.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { sdkEnvironment } from '../../localstack/stack/service/environment.ts';
import type { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { onTemporaryStack, runBenchmark, say } from './benchmark.ts';
import { round } from './statistics.ts';
import { lambdaFlags, literalSettings } from './transform-memory/function-settings.ts';

/** No event source watches this bucket: each file is transformed in a process of its own. */
const BUCKET = 'transform-memory';
const MEGABYTE = 1e6;

interface Measurement {
  readonly megabytes: number;
  readonly seconds: number;
  /** Peak resident memory of a process that runs only this function. */
  readonly peakRssMb: number;
}

/** Transforms a file of at least so many bytes with the function's handler and the real servers. */
async function measure(
  megabytes: number,
  bundle: string,
  endpoints: StackEndpoints,
  client: S3Client,
): Promise<Measurement> {
  const key = `${megabytes}.csv`;
  say(`uploading ${megabytes} MB`);
  const lines = salaryCsv({ rows: Number.MAX_SAFE_INTEGER, seed: megabytes });
  await putIntoBucket({ ...endpoints.s3, bucket: BUCKET }, key, Readable.from(upTo(megabytes * MEGABYTE, lines)));
  const { ETag = '' } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
  say(`transforming ${megabytes} MB`);
  const child = fork(new URL('transform-memory/transform-process.ts', import.meta.url), [bundle, BUCKET, key, ETag], {
    execArgv: lambdaFlags('transform-csv'),
    env: {
      ...process.env,
      ...sdkEnvironment(endpoints),
      ...literalSettings('transform-csv'),
      KAFKA_BROKERS: endpoints.kafka.brokers.join(','),
      KAFKA_AUTH: 'none',
      TARGET_DATABASE_URL: endpoints.targetDatabaseUrl,
      AWS_LAMBDA_FUNCTION_NAME: 'transform-csv',
      POWERTOOLS_METRICS_DISABLED: 'true',
      POWERTOOLS_LOG_LEVEL: 'WARN',
    },
  });
  const measured = once(child, 'message') as Promise<[Omit<Measurement, 'megabytes'>]>;
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`expected the transform of ${megabytes} MB to succeed, but it exited with code ${code}`);
  }
  return { megabytes, ...(await measured)[0] };
}

/** Whole lines, until they have at least so many bytes. */
function* upTo(bytes: number, lines: Iterable<string>): Generator<string> {
  let byteCount = 0;
  for (const line of lines) {
    yield line;
    byteCount += Buffer.byteLength(line);
    if (byteCount >= bytes) return;
  }
}

async function measureAll(stack: TemporaryStack, endpoints: StackEndpoints): Promise<[Measurement, Measurement]> {
  const bundle = join(stack.directory, 'build', '.build', 'functions', 'transform-csv', 'handler.mjs');
  const { endpoint, region, accessKeyId, secretAccessKey } = endpoints.s3;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return [await measure(100, bundle, endpoints, client), await measure(1_000, bundle, endpoints, client)];
  } finally {
    client.destroy();
  }
}

const program = createProgram(
  'npm run bench:transform-memory',
  'Measures the peak memory of transform-csv for files of 100 MB and 1 GB.',
)
  .option('--json', 'print the result as one line of JSON after the table')
  .action(async ({ json }) => {
    const [small, large] = await onTemporaryStack(measureAll);
    console.table([small, large]);
    const ratio = round(large.peakRssMb / small.peakRssMb, 2);
    if (json) printJson({ peakRssMb: { small: small.peakRssMb, large: large.peakRssMb }, ratio });
  });

await runBenchmark(program);
