import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { StackEndpoints } from './endpoints.ts';

export function createS3Client({ endpoint, region, accessKeyId, secretAccessKey }: StackEndpoints['s3']): S3Client {
  // With the bucket in the path, because a loopback address cannot have the bucket as a subdomain.
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
}

/** DynamoDB takes the same region and credentials as the S3 server. */
export function createDynamoDbClient({ dynamodb, s3 }: Pick<StackEndpoints, 'dynamodb' | 's3'>): DynamoDBClient {
  const { region, accessKeyId, secretAccessKey } = s3;
  return new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
}
