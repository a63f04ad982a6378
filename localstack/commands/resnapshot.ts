import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { readEndpoints } from '../stack/endpoints.ts';
import { runCommand } from './run-command.ts';

const USAGE = `npm run resnapshot [-- --yes] [--directory DIR]
  --yes            without asking
  --directory DIR  of the running stack; .localstack when absent`;

/** A poller that refused its position ended; the schedule brings the next one within a minute. */
const BEGINS_WITHIN_MS = 100_000;
const WHOLE_WITHIN_MS = 600_000;

/** Begins a new snapshot of the source's employees. The target keeps all it has until the snapshot is whole. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: { yes: { type: 'boolean', default: false }, directory: { type: 'string', default: '.localstack' } },
  });
  const { dynamodb, s3 } = await readEndpoints(values.directory);
  if (!values.yes && !(await isWanted())) {
    say('Nothing was done.');
    return;
  }
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  try {
    await requestSnapshot(client, dynamodb.offsetTable).catch((cause: Error) => {
      throw new Error(
        `DynamoDB does not take the request at ${dynamodb.endpoint}: ${cause.message}. ` +
          `Is the stack of ${values.directory} still running?`,
        { cause },
      );
    });
    await untilBegun(client, dynamodb.offsetTable);
    await untilPublished(client, dynamodb.offsetTable);
  } finally {
    client.destroy();
  }
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function isWanted(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    // An input that ends without an answer is none, and would otherwise be waited for in vain.
    const ended = once(terminal, 'close').then(() => '');
    const question = 'Read all employees of the source anew and publish them? [y/N] ';
    return /^y(es)?$/i.test((await Promise.race([terminal.question(question), ended])).trim());
  } finally {
    terminal.close();
  }
}

function item(table: string) {
  return { TableName: table, Key: { id: { S: 'employee-changes' } } };
}

async function requestSnapshot(client: DynamoDBClient, table: string): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      ...item(table),
      UpdateExpression: 'SET resnapshot = :token',
      ExpressionAttributeValues: { ':token': { S: randomUUID() } },
    }),
  );
}

async function readItem(client: DynamoDBClient, table: string) {
  const { Item: entry } = await client.send(new GetItemCommand({ ...item(table), ConsistentRead: true }));
  return {
    isPolled: (entry?.['owner']?.S ?? '') !== '',
    isRequested: entry?.['resnapshot'] !== undefined,
    progress: JSON.parse(entry?.['position']?.S ?? '{}') as {
      readonly epoch?: string;
      readonly progress?: { readonly phase: string; readonly afterEmpId?: number | null };
    },
  };
}

/** The poller takes the request away when it has begun. */
async function untilBegun(client: DynamoDBClient, table: string): Promise<void> {
  const { isPolled } = await readItem(client, table);
  say(
    isPolled
      ? 'Asked for; the poller begins with its next sign of life.'
      : 'Asked for; no poller runs at the moment, the schedule brings the next one within a minute.',
  );
  const deadline = performance.now() + BEGINS_WITHIN_MS;
  while ((await readItem(client, table)).isRequested) {
    if (performance.now() > deadline) {
      throw new Error(
        `No poller has begun the snapshot within ${BEGINS_WITHIN_MS / 1_000} s; look at the log of poll-changes. ` +
          'The request stays.',
      );
    }
    await sleep(250);
  }
  say('The snapshot has begun.');
}

async function untilPublished(client: DynamoDBClient, table: string): Promise<void> {
  const { progress: begun } = await readItem(client, table);
  const deadline = performance.now() + WHOLE_WITHIN_MS;
  for (;;) {
    const { progress: now } = await readItem(client, table);
    if (now.progress?.phase === 'stream') break;
    if (now.epoch !== begun.epoch) throw new Error('Another snapshot was begun meanwhile, and this one was given up.');
    if (performance.now() > deadline) {
      throw new Error(
        `The snapshot goes on after ${WHOLE_WITHIN_MS / 60_000} minutes, now behind emp_id ${now.progress?.afterEmpId}.`,
      );
    }
    await sleep(250);
  }
  say('All employees are published; rows that the source no longer has leave the target when it has applied them.');
}
