import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import type { BucketResource, TableResource } from './find-resources.ts';

const TABLE_TIMEOUT_SECONDS = 30;

/** Creates the buckets that do not exist yet. With `keepsVersions`, enables versions where the resource does. */
export async function createBuckets(
  buckets: readonly BucketResource[],
  client: S3Client,
  keepsVersions: boolean,
): Promise<void> {
  for (const { name, versioned } of buckets) {
    await client
      .send(new CreateBucketCommand({ Bucket: name }))
      .catch(ignore('BucketAlreadyOwnedByYou', `create bucket ${name}`));
    if (versioned && keepsVersions) {
      await client.send(
        new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    }
  }
}

/** Creates the tables that do not exist yet. An existing table keeps its keys, also when the resource has changed. */
export async function createTables(tables: readonly TableResource[], client: DynamoDBClient): Promise<void> {
  for (const { name, properties } of tables) {
    await client
      .send(new CreateTableCommand(createTableInput(name, properties)))
      .catch(ignore('ResourceInUseException', `create table ${name}`));
    await waitUntilTableExists({ client, maxWaitTime: TABLE_TIMEOUT_SECONDS, minDelay: 1 }, { TableName: name });
    const timeToLive = properties['TimeToLiveSpecification'] as { Enabled: boolean; AttributeName: string } | undefined;
    if (timeToLive?.Enabled !== true) continue;
    await client
      .send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: timeToLive }))
      // Fails with this error when it is already enabled.
      .catch(ignore('ValidationException', `enable the time to live of table ${name}`));
  }
}

/** Only what defines the table's structure: encryption, backups and tags have no meaning locally. */
function createTableInput(name: string, properties: Readonly<Record<string, unknown>>): CreateTableCommandInput {
  const structural = [
    'AttributeDefinitions',
    'KeySchema',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
    'BillingMode',
    'ProvisionedThroughput',
  ];
  const kept = Object.entries(properties).filter(([property]) => structural.includes(property));
  return { ...Object.fromEntries(kept), TableName: name } as CreateTableCommandInput;
}

/** A `catch` handler that ignores errors of one name and explains all others. */
function ignore(errorName: string, action: string): (error: Error) => void {
  return (error) => {
    if (error.name === errorName) return;
    throw new Error(`Could not ${action} as its resource defines it: ${error.name}: ${error.message}`, {
      cause: error,
    });
  };
}
