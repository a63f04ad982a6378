import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

/** The one item of the table in which the pollers of `emp_cdc` meet. */
const ITEM_ID = 'employee-changes';

type Item = Readonly<Record<string, AttributeValue>>;

/** Lease and position of the change poller in one DynamoDB item, so that one condition guards both. */
export class PollerLedger {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read() {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: { id: { S: ITEM_ID } }, ConsistentRead: true }),
    );
    return item ? readEntry(item) : null;
  }

  async request(by: string): Promise<void> {
    await this.#update({
      UpdateExpression: 'SET requestedBy = :by',
      ExpressionAttributeValues: { ':by': { S: by } },
    });
  }

  async requestResnapshot(token: string): Promise<void> {
    await this.#update({
      UpdateExpression: 'SET resnapshot = :token',
      ExpressionAttributeValues: { ':token': { S: token } },
    });
  }

  async take(seen: { readonly fencing: number; readonly heartbeat: number } | null, owner: string): Promise<boolean> {
    const item = await this.#updateIf({
      UpdateExpression: 'SET #owner = :owner, fencing = :next, heartbeat = :beat REMOVE requestedBy',
      ConditionExpression:
        seen === null || seen.fencing === 0
          ? 'attribute_not_exists(fencing)'
          : 'fencing = :fencing AND heartbeat = :heartbeat',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: {
        ':owner': { S: owner },
        ':next': number((seen?.fencing ?? 0) + 1),
        ':beat': number((seen?.heartbeat ?? 0) + 1),
        ...(seen !== null &&
          seen.fencing > 0 && { ':fencing': number(seen.fencing), ':heartbeat': number(seen.heartbeat) }),
      },
    });
    return item !== null;
  }

  async write(fencing: number, position?: string, doneResnapshot?: string) {
    const item = await this.#updateIf({
      UpdateExpression:
        `SET heartbeat = heartbeat + :one${position ? ', #position = :position' : ''}` +
        (doneResnapshot === undefined ? '' : ' REMOVE resnapshot'),
      ConditionExpression: 'fencing = :fencing',
      ...(position && { ExpressionAttributeNames: { '#position': 'position' } }),
      ExpressionAttributeValues: {
        ':one': number(1),
        ':fencing': number(fencing),
        ...(position && { ':position': { S: position } }),
      },
    });
    return item && readEntry(item);
  }

  async handOver(fencing: number, to: string, position?: string): Promise<boolean> {
    const item = await this.#updateIf({
      UpdateExpression:
        'SET heartbeat = heartbeat + :one, fencing = fencing + :one, #owner = :to' +
        `${position ? ', #position = :position' : ''} REMOVE requestedBy`,
      ConditionExpression: 'fencing = :fencing',
      ExpressionAttributeNames: { '#owner': 'owner', ...(position && { '#position': 'position' }) },
      ExpressionAttributeValues: {
        ':one': number(1),
        ':fencing': number(fencing),
        ':to': { S: to },
        ...(position && { ':position': { S: position } }),
      },
    });
    return item !== null;
  }

  /** The item after the update; `null` when the condition does not hold. */
  async #updateIf(update: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>): Promise<Item | null> {
    try {
      return await this.#update(update);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return null;
      throw error;
    }
  }

  async #update(update: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>): Promise<Item> {
    const { Attributes } = await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { id: { S: ITEM_ID } },
        ReturnValues: 'ALL_NEW',
        ...update,
      }),
    );
    return Attributes ?? {};
  }
}

/** An item that only holds a request has no owner yet: it reads as a lease that is free. */
function readEntry(item: Item) {
  return {
    owner: item['owner']?.S ?? '',
    fencing: Number(item['fencing']?.N ?? 0),
    heartbeat: Number(item['heartbeat']?.N ?? 0),
    requestedBy: item['requestedBy']?.S ?? null,
    resnapshot: item['resnapshot']?.S ?? null,
    position: item['position']?.S ?? null,
  };
}

function number(value: number): AttributeValue {
  return { N: String(value) };
}
