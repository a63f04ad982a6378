import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CONDITION_EXPIRY_SECONDS } from '../../core/condition.ts';
import type { Condition, ConditionStore } from '../../ports/condition-store.ts';
import { DynamoServerTime } from './dynamo-server-time.ts';

/** Distinguishes conditions from the poller's item in the same table. */
export const CONDITION_ID_PREFIX = 'condition#';

/**
 * One item for each condition, with `since` and `reportedAt` as ISO 8601 text and `expiresAt` in seconds since 1970, which
 * is also the table's time to live. All by the clock of DynamoDB, because that of a reader may differ from this one.
 */
export class DynamoConditionStore implements ConditionStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #serverTime: DynamoServerTime;
  readonly #now: () => Date;

  /** @param now by default, the clock of DynamoDB */
  constructor(client: DynamoDBClient, table: string, now?: () => Date) {
    this.#client = client;
    this.#table = table;
    this.#serverTime = new DynamoServerTime(client);
    this.#now = now ?? (() => this.#serverTime.now());
  }

  async report(condition: Condition): Promise<void> {
    if (!this.#serverTime.isKnown) {
      // Only for the time in its response, which the first write needs.
      await this.#client.send(new GetItemCommand({ TableName: this.#table, Key: keyOf(condition.id) }));
    }
    if (!(await this.#extend(condition))) await this.#create(condition);
  }

  async clear(id: string): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: keyOf(id) }));
  }

  /** @returns `false` when the condition is new, has another code or has expired. */
  async #extend(condition: Condition): Promise<boolean> {
    const { seconds, text } = this.#time();
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(condition.id),
          UpdateExpression:
            'SET message = :message, waitingRecord = :record, reportedAt = :reportedAt, expiresAt = :expiry',
          ConditionExpression: 'code = :code AND expiresAt > :now',
          ExpressionAttributeValues: {
            ':code': { S: condition.code },
            ':message': { S: condition.message },
            ':record': waitingRecordOf(condition),
            ':reportedAt': { S: text },
            ':expiry': { N: String(seconds + CONDITION_EXPIRY_SECONDS) },
            ':now': { N: String(seconds) },
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #create(condition: Condition): Promise<void> {
    const { seconds, text } = this.#time();
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          ...keyOf(condition.id),
          code: { S: condition.code },
          message: { S: condition.message },
          waitingRecord: waitingRecordOf(condition),
          since: { S: text },
          reportedAt: { S: text },
          expiresAt: { N: String(seconds + CONDITION_EXPIRY_SECONDS) },
        },
      }),
    );
  }

  #time(): { readonly seconds: number; readonly text: string } {
    const now = this.#now();
    return { seconds: Math.floor(now.getTime() / 1_000), text: now.toISOString() };
  }
}

function keyOf(id: string) {
  return { id: { S: `${CONDITION_ID_PREFIX}${id}` } };
}

/** JSON, or `null`: readers need the record as a whole. */
function waitingRecordOf({ waitingRecord }: Condition) {
  return { S: JSON.stringify(waitingRecord ?? null) };
}
