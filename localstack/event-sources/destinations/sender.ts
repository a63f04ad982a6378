import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Invoker } from '../model/invocation.ts';

export interface SenderOptions {
  readonly endpoints: {
    readonly sqs?: string | undefined;
    readonly sns?: string | undefined;
    readonly s3?: string | undefined;
  };
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region: string;
  /** Holds what has no endpoint to go to. */
  readonly directory: string;
  readonly invoker: Invoker;
}

/** Brings a document to an ARN. `objectKey` is where S3 puts it. Rejects when the destination does not take it. */
export interface Sender {
  send(arn: string, body: string, objectKey: string): Promise<void>;
}

/** ARN parts that matter: the service and what stands behind the account. */
function parseArn(arn: string): { service: string; account: string; resource: string } {
  const [, , service = '', , account = '', ...resource] = arn.split(':');
  return { service, account, resource: resource.join(':') };
}

/**
 * Sends to the endpoints that stand in for AWS, through AWS's own clients, which are loaded when the first document
 * goes to their service. Where there is no endpoint a file is written: `DIRECTORY/sqs/QUEUE/TIME-ID.json`.
 */
export class AwsSender implements Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(arn: string, body: string, objectKey: string): Promise<void> {
    const { service, account, resource } = parseArn(arn);
    const { endpoints, region, credentials } = this.#options;
    if (service === 'lambda') return this.#invoke(resource, body);
    if (service === 'sqs' && endpoints.sqs !== undefined) {
      const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
      const client = new SQSClient({ endpoint: endpoints.sqs, region, credentials });
      const QueueUrl = `${endpoints.sqs.replace(/\/$/, '')}/${account}/${resource}`;
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body })).finally(() => client.destroy());
      return;
    }
    if (service === 'sns' && endpoints.sns !== undefined) {
      const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns');
      const client = new SNSClient({ endpoint: endpoints.sns, region, credentials });
      await client.send(new PublishCommand({ TopicArn: arn, Message: body })).finally(() => client.destroy());
      return;
    }
    if (service === 's3' && endpoints.s3 !== undefined) {
      const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3');
      const client = new S3Client({ endpoint: endpoints.s3, region, credentials, forcePathStyle: true });
      await client
        .send(new PutObjectCommand({ Bucket: resource, Key: objectKey, Body: body, ContentType: 'application/json' }))
        .finally(() => client.destroy());
      return;
    }
    await this.#write(service, resource, body, objectKey);
  }

  async #invoke(resource: string, body: string): Promise<void> {
    const functionName = resource.replace(/^function:/, '').split(':')[0] ?? resource;
    const outcome = await this.#options.invoker.invoke({ functionName, payload: body });
    if (outcome.kind === 'notInvoked') throw new Error(outcome.reason);
  }

  async #write(service: string, resource: string, body: string, objectKey: string): Promise<void> {
    const name = service === 's3' ? objectKey : `${new Date().toISOString().replaceAll(':', '.')}-${randomUUID()}.json`;
    const file = join(this.#options.directory, service, resource.replaceAll(/[^\w.-]/g, '_'), name);
    await mkdir(dirname(file), { recursive: true });
    // Whoever looks finds it whole or not at all.
    await writeFile(`${file}.part`, body);
    await rename(`${file}.part`, file);
  }
}

/** `aws/lambda/PLACE/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID`, the keys of Lambda's failure records. */
export function failureObjectKey(place: string, time: Date): string {
  const iso = time.toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '/');
  return `aws/lambda/${place}/${day}/${iso.slice(0, 19).replaceAll(':', '.')}-${randomUUID()}`;
}
