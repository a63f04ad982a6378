import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Invoker } from '../model/invocation.ts';

/** Delivers a document to an AWS destination. Rejects when the destination does not accept it. */
export interface Sender {
  /** `objectKey` is the object's key if the ARN is a bucket's. */
  send(arn: string, body: string, objectKey: string): Promise<void>;
}

export interface AwsSenderOptions {
  /** Local servers that replace those of AWS. */
  readonly endpoints: {
    readonly sqs?: string | undefined;
    readonly sns?: string | undefined;
    readonly s3?: string | undefined;
  };
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region: string;
  /** A document whose service has no endpoint becomes a file in it. */
  readonly directory: string;
  readonly invoker: Invoker;
}

/**
 * Sends with AWS's own clients, which are loaded when the first document goes to their service. Without an endpoint it
 * writes a file instead, for instance `DIRECTORY/sqs/QUEUE/TIME-ID.json`.
 */
export class AwsSender implements Sender {
  readonly #options: AwsSenderOptions;

  constructor(options: AwsSenderOptions) {
    this.#options = options;
  }

  async send(arn: string, body: string, objectKey: string): Promise<void> {
    const { service, account, resource } = parseArn(arn);
    const { endpoints } = this.#options;
    if (service === 'lambda') return this.#invoke(resource, body);
    if (service === 'sqs' && endpoints.sqs !== undefined) return this.#toQueue(endpoints.sqs, account, resource, body);
    if (service === 'sns' && endpoints.sns !== undefined) return this.#toTopic(endpoints.sns, arn, body);
    if (service === 's3' && endpoints.s3 !== undefined) return this.#toBucket(endpoints.s3, resource, objectKey, body);
    await this.#toFile(service, resource, body, objectKey);
  }

  async #toQueue(endpoint: string, account: string, name: string, body: string): Promise<void> {
    const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
    const client = new SQSClient(this.#clientConfig(endpoint));
    const QueueUrl = `${endpoint.replace(/\/$/, '')}/${account}/${name}`;
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body })).finally(() => client.destroy());
  }

  async #toTopic(endpoint: string, arn: string, body: string): Promise<void> {
    const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns');
    const client = new SNSClient(this.#clientConfig(endpoint));
    await client.send(new PublishCommand({ TopicArn: arn, Message: body })).finally(() => client.destroy());
  }

  async #toBucket(endpoint: string, bucket: string, key: string, body: string): Promise<void> {
    const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({ ...this.#clientConfig(endpoint), forcePathStyle: true });
    const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' });
    await client.send(put).finally(() => client.destroy());
  }

  async #invoke(resource: string, body: string): Promise<void> {
    const [functionName = '', qualifier] = resource.replace(/^function:/, '').split(':');
    const outcome = await this.#options.invoker.invoke({
      functionName,
      ...(qualifier !== undefined && qualifier !== '$LATEST' && { qualifier }),
      payload: body,
    });
    if (outcome.kind === 'notInvoked') throw new Error(outcome.reason);
  }

  async #toFile(service: string, resource: string, body: string, objectKey: string): Promise<void> {
    const name = service === 's3' ? objectKey : `${new Date().toISOString().replaceAll(':', '.')}-${randomUUID()}.json`;
    const file = join(this.#options.directory, service, resource.replaceAll(/[^\w.-]/g, '_'), name);
    await mkdir(dirname(file), { recursive: true });
    // Renamed when complete, so that a reader never sees a partial file.
    await writeFile(`${file}.part`, body);
    await rename(`${file}.part`, file);
  }

  #clientConfig(endpoint: string) {
    const { region, credentials } = this.#options;
    return { endpoint, region, credentials };
  }
}

function parseArn(arn: string): { service: string; account: string; resource: string } {
  const [, , service = '', , account = '', ...resource] = arn.split(':');
  return { service, account, resource: resource.join(':') };
}
