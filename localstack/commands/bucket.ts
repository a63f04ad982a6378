import type { Readable } from 'node:stream';
import { Upload } from '@aws-sdk/lib-storage';
import { createS3Client } from '../stack/aws-clients.ts';
import type { StackEndpoints } from '../stack/endpoints.ts';

/** Four parts are sent at once, so an upload takes four times this memory. */
const PART_BYTES = 8 * 1024 * 1024;

/** Streams a body of any size into the stack's bucket. A body of at most one part is sent in one request. */
export async function putIntoBucket(s3: StackEndpoints['s3'], key: string, body: Readable): Promise<void> {
  const client = createS3Client(s3);
  try {
    await new Upload({
      client,
      partSize: PART_BYTES,
      params: { Bucket: s3.bucket, Key: key, Body: body, ContentType: 'text/csv' },
    }).done();
  } catch (cause) {
    const { name, message } = cause as Error;
    throw new Error(
      `The bucket ${s3.bucket} at ${s3.endpoint} did not accept ${key} (${message || name}): check that the stack is ` +
        'running, with "npm run status", or start it with "npm start".',
      { cause },
    );
  } finally {
    client.destroy();
  }
}
