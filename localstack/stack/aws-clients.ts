import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { StackEndpoints } from './endpoints.ts';

/** A server that accepts connections but does not answer, such as a suspended one, must not make a command wait for ever. */
const TIMEOUTS = { requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 } };

/** For a command that asks whether a server responds at all. */
export const ONE_QUICK_ATTEMPT = {
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  maxAttempts: 1,
};

export function createS3Client(
  { endpoint, region, accessKeyId, secretAccessKey }: StackEndpoints['s3'],
  settings: S3ClientConfig = TIMEOUTS,
): S3Client {
  // With the bucket in the path, because a loopback address cannot have the bucket as a subdomain.
  return new S3Client({
    ...{ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true },
    ...settings,
  });
}

/** DynamoDB takes the same region and credentials as the S3 server. */
export function createDynamoDbClient(
  { dynamodb, s3 }: Pick<StackEndpoints, 'dynamodb' | 's3'>,
  settings: DynamoDBClientConfig = TIMEOUTS,
): DynamoDBClient {
  const { region, accessKeyId, secretAccessKey } = s3;
  return new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    ...settings,
  });
}
