import type { S3Event } from 'aws-lambda';

export async function handler(event: S3Event): Promise<void> {
  for (const { eventName, s3 } of event.Records) {
    const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
    console.log(`${eventName}: ${s3.bucket.name}/${key}, ${s3.object.size} bytes`);
  }
}
