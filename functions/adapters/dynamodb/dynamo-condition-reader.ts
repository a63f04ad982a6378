import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { ConditionReader, CurrentCondition } from '../../ports/condition-reader.ts';
import { CONDITION_ID_PREFIX } from './dynamo-condition-store.ts';
import { DynamoServerTime } from './dynamo-server-time.ts';

/** Scans the table, which has few items: the conditions and the poller's. */
export class DynamoConditionReader implements ConditionReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #now: () => Date;

  /** @param now by default, the clock of DynamoDB */
  constructor(client: DynamoDBClient, table: string, now?: () => Date) {
    this.#client = client;
    this.#table = table;
    const serverTime = new DynamoServerTime(client);
    this.#now = now ?? (() => serverTime.now());
  }

  async read(): Promise<readonly CurrentCondition[]> {
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: this.#table,
        ConsistentRead: true,
        FilterExpression: 'begins_with(id, :prefix)',
        ExpressionAttributeValues: { ':prefix': { S: CONDITION_ID_PREFIX } },
      },
    );
    const conditions: CurrentCondition[] = [];
    for await (const { Items: items = [] } of pages) {
      // Not in the filter, because only the response has the time of DynamoDB.
      const now = Math.floor(this.#now().getTime() / 1_000);
      conditions.push(...items.filter(({ expiresAt }) => Number(expiresAt?.N) > now).map(decodeCondition));
    }
    return conditions.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function decodeCondition(item: Record<string, AttributeValue>): CurrentCondition {
  const text = (name: string) => item[name]?.S ?? '';
  const waitingRecord = JSON.parse(text('waitingRecord') || 'null') as CurrentCondition['waitingRecord'] | null;
  return {
    id: text('id').slice(CONDITION_ID_PREFIX.length),
    code: text('code'),
    message: text('message'),
    since: new Date(text('since')),
    ...(waitingRecord && { waitingRecord }),
  };
}
