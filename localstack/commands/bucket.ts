import type { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createS3Client } from '../stack/aws-clients.ts';
import type { StackEndpoints } from '../stack/endpoints.ts';
import { describeAwsError } from './stage/aws-error.ts';

/** Four parts are sent at once, so an upload takes four times this memory. */
const PART_BYTES = 8 * 1024 * 1024;

/** Streams a body of any size into the stack's bucket. A body of at most one part is sent in one request. */
export async function putIntoBucket(s3: StackEndpoints['s3'], key: string, body: Readable): Promise<void> {
  const client = createS3Client(s3);
  try {
    await upload(client, s3.bucket, key, body);
  } catch (cause) {
    const { name, message, $metadata } = cause as Error & { $metadata?: { httpStatusCode?: number } };
    const reason = (message || name).replace(/\.$/, '');
    throw new Error(
      `The bucket ${s3.bucket} at ${s3.endpoint} did not accept ${key} (${reason}): ${remedyFor($metadata?.httpStatusCode)}.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}

/** The same with the bucket of a deployed stage and the operator's credentials. */
export async function putIntoStage(
  bucket: string,
  key: string,
  body: Readable,
  { stage, region }: { readonly stage: string; readonly region: string | undefined },
): Promise<void> {
  const client = new S3Client(region === undefined ? {} : { region });
  try {
    await upload(client, bucket, key, body);
  } catch (cause) {
    const known = describeAwsError(cause, { what: `bucket ${bucket}`, action: 's3:PutObject', stage, region });
    throw new Error(known ?? `The bucket ${bucket} did not accept ${key}: ${(cause as Error).message}`, { cause });
  } finally {
    client.destroy();
  }
}

async function upload(client: S3Client, bucket: string, key: string, body: Readable): Promise<void> {
  const params = { Bucket: bucket, Key: key, Body: body, ContentType: 'text/csv' };
  await new Upload({ client, partSize: PART_BYTES, params }).done();
}

function remedyFor(status: number | undefined): string {
  if (status === 400) return 'choose another key with --key';
  if (status === 507) return 'free space on the disk, then repeat the command';
  return 'check that the stack is running, with "npm run status", or start it with "npm start"';
}
