import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { readEndpoints } from '../stack/endpoints.ts';
import { runVerb } from './run-verb.ts';

const USAGE = `npm run resnapshot [-- --yes] [--directory DIR]
  --yes            without asking
  --directory DIR  of the running stack; .localstack when absent`;

/** A poller that refused its position ended; the schedule brings the next one within a minute. */
const BEGINS_WITHIN_MS = 100_000;

/** Begins a new snapshot of the source's employees. The target keeps all it has until the snapshot is whole. */
await runVerb(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: { yes: { type: 'boolean', default: false }, directory: { type: 'string', default: '.localstack' } },
  });
  const { dynamodb, s3 } = await readEndpoints(values.directory);
  if (!values.yes && !(await isWanted())) {
    process.stdout.write('Nothing was done.\n');
    return;
  }
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  try {
    await requestSnapshot(client, dynamodb.offsetTable);
    await untilBegun(client, dynamodb.offsetTable);
  } finally {
    client.destroy();
  }
  process.stdout.write(
    'The snapshot has begun; rows that the source no longer has leave the target when it is whole.\n',
  );
});

async function isWanted(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Read all employees of the source anew and publish them? [y/N] ');
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

const item = (table: string) => ({ TableName: table, Key: { id: { S: 'employee-changes' } } });

async function requestSnapshot(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      ...item(table),
      UpdateExpression: 'SET resnapshot = :token',
      ExpressionAttributeValues: { ':token': { S: randomUUID() } },
    }),
  );
  process.stdout.write('Asked for; the poller begins with its next sign of life.\n');
}

/** The poller takes the request away when it has begun. */
async function untilBegun(client: DynamoDBClient, table: string): Promise<void> {
  const deadline = performance.now() + BEGINS_WITHIN_MS;
  for (;;) {
    const { Item: entry } = await client.send(new GetItemCommand({ ...item(table), ConsistentRead: true }));
    if (entry?.['resnapshot'] === undefined) return;
    if (performance.now() > deadline) {
      throw new Error(
        `No poller has begun the snapshot within ${BEGINS_WITHIN_MS / 1_000} s; look at the log of poll-changes. ` +
          'The request stays.',
      );
    }
    await sleep(250);
  }
}
