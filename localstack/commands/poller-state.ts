import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { PollerLedgerEntry } from '../../functions/ports/poller-ledger.ts';

/** What the offset table says about poll-changes. */
export interface State {
  readonly isPollerRunning: boolean;
  readonly isSnapshotRequested: boolean;
  /** Changes at least once a second while a poller runs; `null` before the first one. */
  readonly heartbeat: string | null;
  /** Changes when the lease is handed over; `null` before the first poller. */
  readonly fencingToken: string | null;
  readonly epoch?: string;
  readonly progress?: { readonly phase: string; readonly since?: string; readonly afterEmpId?: number | null };
}

/** Of an entry that function watch-replica has read. */
export function stateOf(entry: PollerLedgerEntry | null): State {
  return {
    isPollerRunning: entry !== null && entry.owner !== null,
    isSnapshotRequested: entry !== null && entry.resnapshotToken !== null,
    heartbeat: entry === null ? null : String(entry.heartbeat),
    fencingToken: entry === null ? null : String(entry.fencingToken),
    ...readPosition(entry?.position ?? '{}'),
  };
}

/** The item of poll-changes in the offset table. */
export class PollerState {
  readonly #client: DynamoDBClient;
  readonly #item: { TableName: string; Key: { id: { S: string } } };

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#item = { TableName: table, Key: { id: { S: 'employee-changes' } } };
  }

  /** Replaces an earlier request and its reason. The poller removes the request when it starts the snapshot. */
  async requestSnapshot(): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        ...this.#item,
        UpdateExpression: 'SET resnapshot = :token REMOVE resnapshotReason',
        ExpressionAttributeValues: { ':token': { S: randomUUID() } },
      }),
    );
  }

  async read(): Promise<State> {
    const { Item: item } = await this.#client.send(new GetItemCommand({ ...this.#item, ConsistentRead: true }));
    return {
      isPollerRunning: (item?.['owner']?.S ?? '') !== '',
      isSnapshotRequested: item?.['resnapshot'] !== undefined,
      heartbeat: item?.['heartbeat']?.N ?? null,
      fencingToken: item?.['fencing']?.N ?? null,
      ...readPosition(item?.['position']?.S ?? '{}'),
    };
  }
}

type SavedPosition = Pick<State, 'epoch' | 'progress'>;

const SNAPSHOT = /^\d+:\d+:[\d,]*$/;

/** Nothing of a position that is unreadable, because poll-changes reports it, with what to do about it. */
function readPosition(text: string): SavedPosition {
  try {
    const { progress, ...position } = JSON.parse(text) as SavedPosition;
    const isReadable = progress !== undefined && SNAPSHOT.test(progress.since ?? '');
    return { ...position, ...(isReadable && { progress }) };
  } catch {
    return {};
  }
}
