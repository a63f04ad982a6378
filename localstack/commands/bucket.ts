import type { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { StackEndpoints } from '../stack/endpoints.ts';

/** Memory that an upload takes is this times four: so many parts are under way at once. */
const PART_BYTES = 8 * 1024 * 1024;

/** Streams a body of any size into the stack's bucket; what is no larger than one part goes in one request. */
export async function putIntoBucket(s3: StackEndpoints['s3'], key: string, body: Readable): Promise<void> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = s3;
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  try {
    await new Upload({
      client,
      partSize: PART_BYTES,
      params: { Bucket: bucket, Key: key, Body: body, ContentType: 'text/csv' },
    }).done();
  } finally {
    client.destroy();
  }
}
