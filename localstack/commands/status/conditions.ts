import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { ObservedCondition } from '../../../functions/core/observation.ts';

const ID_PREFIX = 'condition#';

/** Reads the conditions that have not expired from the offset table, sorted by id. */
export async function readConditions(
  client: DynamoDBClient,
  table: string,
  now = new Date(),
): Promise<ObservedCondition[]> {
  const conditions: ObservedCondition[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        FilterExpression: 'begins_with(id, :prefix) AND expiresAt > :now',
        ExpressionAttributeValues: {
          ':prefix': { S: ID_PREFIX },
          ':now': { N: String(Math.floor(now.getTime() / 1_000)) },
        },
        ...(start && { ExclusiveStartKey: start }),
      }),
    );
    conditions.push(...(page.Items ?? []).map(decodeCondition));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return conditions.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function decodeCondition(item: Record<string, AttributeValue>): ObservedCondition {
  const text = (name: string) => item[name]?.S ?? '';
  return {
    id: text('id').slice(ID_PREFIX.length),
    code: text('code'),
    message: text('message'),
    since: new Date(text('since')),
    waitingRecord: (JSON.parse(text('waitingRecord') || 'null') ?? undefined) as ObservedCondition['waitingRecord'],
  };
}
