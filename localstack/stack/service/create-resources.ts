import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { StackEndpoints } from '../endpoints.ts';
import type { BucketResource, TableResource } from './find-resources.ts';

/** Makes the buckets that are not there yet. `keepsVersions` tells whether the server can. */
export async function createBuckets(
  buckets: readonly BucketResource[],
  s3: StackEndpoints['s3'],
  keepsVersions: boolean,
): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    for (const { name, versioned } of buckets) {
      await client
        .send(new CreateBucketCommand({ Bucket: name }))
        .catch(ignore(`Bucket ${name}`, 'BucketAlreadyOwnedByYou'));
      if (versioned && keepsVersions) {
        await client.send(
          new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
        );
      }
    }
  } finally {
    client.destroy();
  }
}

/** Makes the tables that are not there yet; one that is there keeps its keys, whatever the resource says now. */
export async function createTables(
  tables: readonly TableResource[],
  endpoint: string,
  { region, accessKeyId, secretAccessKey }: StackEndpoints['s3'],
): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  try {
    for (const { name, properties } of tables) {
      await client
        .send(new CreateTableCommand(createTableInput(name, properties)))
        .catch(ignore(`Table ${name}`, 'ResourceInUseException'));
      await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: name });
      const timeToLive = properties['TimeToLiveSpecification'] as
        | { Enabled: boolean; AttributeName: string }
        | undefined;
      if (timeToLive?.Enabled !== true) continue;
      await client
        .send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: timeToLive }))
        // It says so when it is on already.
        .catch(ignore(`Table ${name}`, 'ValidationException'));
    }
  } finally {
    client.destroy();
  }
}

/** Of a resource's properties, those that shape the table; encryption, backups and tags mean nothing here. */
function createTableInput(name: string, properties: Readonly<Record<string, unknown>>): CreateTableCommandInput {
  const shaping = [
    'AttributeDefinitions',
    'KeySchema',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
    'BillingMode',
    'ProvisionedThroughput',
  ];
  const kept = Object.entries(properties).filter(([property]) => shaping.includes(property));
  return { ...Object.fromEntries(kept), TableName: name } as CreateTableCommandInput;
}

function ignore(what: string, errorName: string): (error: Error) => void {
  return (error) => {
    if (error.name === errorName) return;
    throw new Error(`${what} could not be made as its resource says: ${error.name}: ${error.message}`, {
      cause: error,
    });
  };
}
