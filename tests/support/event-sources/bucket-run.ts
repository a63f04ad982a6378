import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Event, S3EventRecord } from 'aws-lambda';
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import { type EventSourcesInput, readOptions } from '../../../localstack/event-sources/options.ts';
import type { Template } from '../../../localstack/event-sources/template/template.ts';
import { readTemplate } from '../../../localstack/event-sources/template/template-model.ts';
import { endpoints, uniqueName } from '../servers.ts';
import { RecordingFunction } from './recording-function.ts';

/** A client of the S3 server that all tests share. */
export function s3Client(): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = endpoints().s3;
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
}

/** A bucket whose notifications go to a recording function. */
export class BucketRun {
  readonly bucket = uniqueName('notified');
  readonly fn = new RecordingFunction();
  readonly client = s3Client();
  readonly #configurations: readonly object[];
  readonly #options: Partial<EventSourcesInput>;
  readonly #clients: LambdaClient[] = [];
  directory = '';
  #sources: EventSources | undefined;

  private constructor(configurations: readonly object[], options: Partial<EventSourcesInput>) {
    this.#configurations = configurations;
    this.#options = options;
  }

  /** Without configurations: every `s3:ObjectCreated:*`. */
  static async prepare(
    configurations: readonly object[] = [{ Event: 's3:ObjectCreated:*' }],
    options: Partial<EventSourcesInput> = {},
  ): Promise<BucketRun> {
    const run = new BucketRun(configurations, options);
    run.directory = await mkdtemp(join(tmpdir(), 'event-sources-'));
    await run.client.send(new CreateBucketCommand({ Bucket: run.bucket }));
    await run.fn.start();
    return run;
  }

  get template(): Template {
    return {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'recording', Timeout: 30 } },
        Bucket: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            BucketName: this.bucket,
            NotificationConfiguration: {
              LambdaConfigurations: this.#configurations.map((configuration) => ({
                Function: { 'Fn::GetAtt': ['Fn', 'Arn'] },
                ...configuration,
              })),
            },
          },
        },
      },
    };
  }

  get options(): EventSourcesInput {
    const { endpoint, region, accessKeyId, secretAccessKey } = endpoints().s3;
    return {
      s3: { endpoint, region, accessKeyId, secretAccessKey, pollIntervalMs: 20 },
      stateDirectory: this.directory,
      lambdaEndpoint: this.fn.endpoint,
      ...this.#options,
    };
  }

  async start(): Promise<void> {
    const options = readOptions(this.options);
    const model = readTemplate(
      this.template,
      { region: 'eu-central-1', accountId: '123456789012' },
      { allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
    );
    const invoker = new LambdaClient({ endpoint: this.fn.endpoint });
    this.#clients.push(invoker);
    this.#sources = new EventSources({ model, options, invoker, log: createLogger('silent', () => {}) });
    await this.#sources.start();
  }

  async stop(): Promise<void> {
    await this.#sources?.stop(20_000);
    this.#sources = undefined;
  }

  async put(key: string, body = key): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body }));
  }

  /** The records of all invocations, in the order of delivery. */
  get records(): S3EventRecord[] {
    return this.fn.invocations.flatMap(({ payload }) => (JSON.parse(payload) as S3Event).Records);
  }

  /** The object keys, decoded as a function must decode them. */
  get keys(): string[] {
    return this.records.map(({ s3 }) => decodeURIComponent(s3.object.key.replaceAll('+', ' ')));
  }

  async end(): Promise<void> {
    await this.stop();
    for (const client of this.#clients) client.close();
    this.client.destroy();
    await this.fn.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Runs the body with a bucket, and stops its sources also when the body fails. */
export async function withBucket(
  configurations: readonly object[] | undefined,
  body: (run: BucketRun) => Promise<void>,
  options: Partial<EventSourcesInput> = {},
): Promise<void> {
  const run = await BucketRun.prepare(configurations, options);
  try {
    await body(run);
  } finally {
    await run.end();
  }
}
