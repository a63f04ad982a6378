import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { readSnapshotReason, type SnapshotReason } from '../../core/snapshot-reason.ts';
import type { LedgerUpdate, PollerLedger, PollerLedgerEntry, ReleaseOutcome } from '../../ports/poller-ledger.ts';

/** The one item that all pollers share. */
const ITEM_ID = 'employee-changes';

type Item = Readonly<Record<string, AttributeValue>>;
type Update = Omit<UpdateItemCommandInput, 'TableName' | 'Key'>;

/** The lease and the position of the change poller in one DynamoDB item, written with conditions on the fencing token. */
export class DynamoPollerLedger implements PollerLedger {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(): Promise<PollerLedgerEntry | null> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: { id: { S: ITEM_ID } }, ConsistentRead: true }),
    );
    return item ? decodeEntry(item) : null;
  }

  async requestTransfer(owner: string, fencingToken: number): Promise<void> {
    await this.#updateIf({
      UpdateExpression: 'SET requestedBy = :owner',
      ConditionExpression: 'fencing = :fencing',
      ExpressionAttributeValues: { ':owner': { S: owner }, ':fencing': numberValue(fencingToken) },
    });
  }

  async withdrawRequest(owner: string): Promise<void> {
    await this.#updateIf({
      UpdateExpression: 'REMOVE requestedBy',
      ConditionExpression: 'requestedBy = :owner',
      ExpressionAttributeValues: { ':owner': { S: owner } },
    });
  }

  async requestResnapshot(token: string, reason?: SnapshotReason): Promise<void> {
    await this.#update({
      UpdateExpression: 'SET resnapshot = :token, resnapshotReason = :reason',
      ExpressionAttributeValues: { ':token': { S: token }, ':reason': { S: JSON.stringify(reason ?? null) } },
    });
  }

  async tryAcquire(seen: PollerLedgerEntry | null, owner: string): Promise<boolean> {
    const { fencingToken, heartbeat } = seen ?? { fencingToken: 0, heartbeat: 0 };
    const isFirstOwner = fencingToken === 0;
    const result = await this.#updateIf({
      UpdateExpression: 'SET #owner = :owner, fencing = :next, heartbeat = :beat REMOVE requestedBy, pending',
      ConditionExpression: isFirstOwner
        ? 'attribute_not_exists(fencing)'
        : 'fencing = :fencing AND heartbeat = :heartbeat',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: {
        ':owner': { S: owner },
        ':next': numberValue(fencingToken + 1),
        ':beat': numberValue(heartbeat + 1),
        ...(!isFirstOwner && { ':fencing': numberValue(fencingToken), ':heartbeat': numberValue(heartbeat) }),
      },
    });
    return result.updated;
  }

  async renew(fencingToken: number, update: LedgerUpdate = {}): Promise<PollerLedgerEntry | null> {
    const { position, fulfilledResnapshotToken: token } = update;
    const save = positionUpdate(position);
    const result = await this.#updateIf({
      UpdateExpression:
        `SET heartbeat = heartbeat + :one${save.assignment}` +
        ` REMOVE pending${token === undefined ? '' : ', resnapshot, resnapshotReason'}`,
      ConditionExpression: `fencing = :fencing${token === undefined ? '' : ' AND resnapshot = :token'}`,
      ...(position !== undefined && { ExpressionAttributeNames: save.names }),
      ExpressionAttributeValues: {
        ':one': numberValue(1),
        ':fencing': numberValue(fencingToken),
        ...(token !== undefined && { ':token': { S: token } }),
        ...save.values,
      },
    });
    if (result.updated) return decodeEntry(result.item);
    // Another request was made meanwhile, and stays.
    if (token !== undefined && isOwned(result.item, fencingToken)) {
      return this.renew(fencingToken, position === undefined ? {} : { position });
    }
    return null;
  }

  async release(fencingToken: number, successor: string | null, position?: string): Promise<ReleaseOutcome> {
    const save = positionUpdate(position);
    const isTransfer = successor !== null;
    const result = await this.#updateIf({
      UpdateExpression:
        `SET heartbeat = heartbeat + :one, fencing = fencing + :one, #owner = :successor${save.assignment}` +
        `${isTransfer ? ', pending = :one' : ''} REMOVE requestedBy${isTransfer ? '' : ', pending'}`,
      ConditionExpression: `fencing = :fencing${isTransfer ? ' AND requestedBy = :successor' : ''}`,
      ExpressionAttributeNames: { '#owner': 'owner', ...save.names },
      ExpressionAttributeValues: {
        ':one': numberValue(1),
        ':fencing': numberValue(fencingToken),
        ':successor': { S: successor ?? NO_OWNER },
        ...save.values,
      },
    });
    if (result.updated) return 'released';
    return isOwned(result.item, fencingToken) ? 'request-changed' : 'lost';
  }

  /** The item after the update; when the condition does not hold, the item as it is. */
  async #updateIf(update: Update): Promise<{ readonly updated: boolean; readonly item: Item }> {
    try {
      const item = await this.#update({ ...update, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
      return { updated: true, item };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { updated: false, item: error.Item ?? {} };
    }
  }

  async #update(update: Update): Promise<Item> {
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

/** The attribute `owner` of a free lease. */
const NO_OWNER = '';

function isOwned(item: Item, fencingToken: number): boolean {
  return Number(item['fencing']?.N) === fencingToken;
}

/** Before the first acquisition the item may hold only requests, without an owner and without a fencing token. */
function decodeEntry(item: Item): PollerLedgerEntry {
  return {
    owner: item['owner']?.S || null,
    fencingToken: Number(item['fencing']?.N ?? 0),
    heartbeat: Number(item['heartbeat']?.N ?? 0),
    isAccepted: item['pending'] === undefined,
    requestedBy: item['requestedBy']?.S ?? null,
    resnapshotToken: item['resnapshot']?.S ?? null,
    resnapshotReason: readSnapshotReason(item['resnapshotReason']?.S ?? '') ?? null,
    position: item['position']?.S ?? null,
  };
}

/** `position` is a reserved word in DynamoDB's expressions, and needs a name in its place. */
function positionUpdate(position: string | undefined) {
  return position === undefined
    ? { assignment: '', names: {}, values: {} }
    : {
        assignment: ', #position = :position',
        names: { '#position': 'position' },
        values: { ':position': { S: position } },
      };
}

function numberValue(value: number): AttributeValue {
  return { N: String(value) };
}
