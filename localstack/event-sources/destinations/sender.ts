import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArn } from '../model/arn.ts';
import { parseFunctionReference } from '../model/function-reference.ts';
import type { Invoker } from '../model/invocation.ts';
import type { MessageAttributes } from './dead-letter-attributes.ts';

/** Delivers a document to an AWS destination. Rejects when the destination does not accept it. */
export interface Sender {
  /** `objectKey` is the object's key if the ARN is a bucket's. `attributes` are for messages of SQS and SNS. */
  send(arn: string, body: string, objectKey: string, attributes?: MessageAttributes): Promise<void>;
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
  /** A document whose service has no endpoint becomes a file in it, and its attributes a file beside that. */
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

  async send(arn: string, body: string, objectKey: string, attributes?: MessageAttributes): Promise<void> {
    const parsed = parseArn(arn);
    if (parsed === undefined) throw new Error(`expected the ARN of a destination, found ${arn}`);
    const { service, account, resource } = parsed;
    const { endpoints } = this.#options;
    if (service === 'lambda') return this.#invoke(resource, body);
    if (service === 'sqs' && endpoints.sqs !== undefined) {
      return this.#toQueue(endpoints.sqs, account, resource, body, attributes);
    }
    if (service === 'sns' && endpoints.sns !== undefined) return this.#toTopic(endpoints.sns, arn, body, attributes);
    if (service === 's3' && endpoints.s3 !== undefined) return this.#toBucket(endpoints.s3, resource, objectKey, body);
    await this.#toFile(service, resource, body, objectKey, attributes);
  }

  async #toQueue(
    endpoint: string,
    account: string,
    name: string,
    body: string,
    attributes: MessageAttributes | undefined,
  ): Promise<void> {
    const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
    const client = new SQSClient(this.#clientConfig(endpoint));
    const QueueUrl = `${endpoint.replace(/\/$/, '')}/${account}/${name}`;
    const message = new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes: attributes });
    await client.send(message).finally(() => client.destroy());
  }

  async #toTopic(
    endpoint: string,
    arn: string,
    body: string,
    attributes: MessageAttributes | undefined,
  ): Promise<void> {
    const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns');
    const client = new SNSClient(this.#clientConfig(endpoint));
    const message = new PublishCommand({ TopicArn: arn, Message: body, MessageAttributes: attributes });
    await client.send(message).finally(() => client.destroy());
  }

  async #toBucket(endpoint: string, bucket: string, key: string, body: string): Promise<void> {
    const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({ ...this.#clientConfig(endpoint), forcePathStyle: true });
    const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' });
    await client.send(put).finally(() => client.destroy());
  }

  async #invoke(resource: string, body: string): Promise<void> {
    const reference = parseFunctionReference(resource);
    if (reference === undefined) throw new Error(`expected the ARN of a function, found ${resource}`);
    const { name: functionName, ...version } = reference;
    const outcome = await this.#options.invoker.invoke({ functionName, ...version, payload: body });
    if (outcome.kind === 'notInvoked') throw new Error(outcome.reason);
  }

  async #toFile(
    service: string,
    resource: string,
    body: string,
    objectKey: string,
    attributes: MessageAttributes | undefined,
  ): Promise<void> {
    const directory = join(this.#options.directory, service, resource.replaceAll(/[^\w.-]/g, '_'));
    const name = `${new Date().toISOString().replaceAll(':', '.')}-${randomUUID()}`;
    // Before the message, so that the attributes of a message that is there are there.
    if (attributes !== undefined) await writeWhole(join(directory, `${name}.attributes`), JSON.stringify(attributes));
    await writeWhole(join(directory, service === 's3' ? objectKey : `${name}.json`), body);
  }

  #clientConfig(endpoint: string) {
    const { region, credentials } = this.#options;
    return { endpoint, region, credentials };
  }
}

/** The file is renamed when it is complete, so that a reader never sees a part of it. */
async function writeWhole(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}
