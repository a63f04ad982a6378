/**
 * What Lambda's event needs and kafkajs 2.2 does not give by its public interface, in this one file:
 * headers in their order with repeated names, committed records only, and a say before and after the group is joined
 * and before a fetch. Nothing changes for other users of kafkajs in the process: they never look at the additional
 * symbol, and only consumers whose assigner carries hooks are held. Its timers are mended for all.
 */
import { createRequire } from 'node:module';
import type { EachBatchPayload, PartitionAssigner } from 'kafkajs';
import { type FetchedPartition, hideAbortedRecords } from './aborted-records.ts';

const require = createRequire(import.meta.url);
const rawHeaders = Symbol('headers in their order');
const groupHooks = Symbol('hooks of the event source');
const patched: unique symbol = Symbol.for('event-sources: kafkajs patched');

/** One header as it stands in the record. The value is null when the producer gave none. */
export interface RawHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Coordinator {
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>;
}

interface Broker {
  fetch(request: unknown): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
  [patched]?: true;
}

interface TopicOffsetRequest {
  topic: string;
  partitions: { partition: number }[];
  fromBeginning?: boolean;
  fromTimestamp?: number;
}

/** The part of kafkajs' consumer group that the event source works with. */
export interface JoinedGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly coordinator: Coordinator;
  readonly cluster: {
    findBroker(request: { nodeId: string | number }): Promise<Broker>;
    findGroupCoordinator(request: { groupId: string }): Promise<Coordinator>;
    findTopicPartitionMetadata(topic: string): { partitionId: number }[];
    fetchTopicsOffset(
      requests: TopicOffsetRequest[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
    [patched]?: true;
  };
  assigned(): { topic: string; partitions: number[] }[];
  heartbeat(options: { interval: number }): Promise<void>;
  commitOffsets(offsets: {
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
  }): Promise<void>;
}

export interface GroupHooks {
  /** Called before each attempt to join, the first one included; joining waits for it. */
  beforeJoin(group: JoinedGroup): Promise<void>;
  /** Called with the new assignment; fetching waits for it. */
  afterJoin(group: JoinedGroup): Promise<void>;
  /** Called before each fetch, which waits for it. */
  beforeFetch(): Promise<void>;
  /** Called with what was fetched, before anything of it is handed on. */
  afterFetch(batches: readonly FetchedBatch[]): void;
}

export interface FetchedBatch {
  readonly partition: number;
  /** What the broker was asked for; the first record may be behind it, where records were compacted away. */
  readonly fetchedOffset: string;
}

type HookedGroup = JoinedGroup & { readonly assigners: Record<symbol, GroupHooks | undefined>[] };

interface GroupPrototype {
  joinAndSync(this: HookedGroup): Promise<void>;
  fetch(this: HookedGroup, nodeId: number): Promise<readonly FetchedBatch[]>;
  [patched]?: true;
}

/**
 * kafkajs decodes a record's headers with `readVarIntArray(decodeHeader).reduce(...)`, which folds the list into an
 * object. The list is kept beside that object: the array handed out has a `reduce` that hangs it on the result.
 * A wrapped prototype works wherever kafkajs was loaded first, and in Jest, where the module cache is not Node's.
 */
function keepHeaderOrder(decoder: { prototype: { readVarIntArray(read: unknown): unknown[]; [patched]?: true } }) {
  if (decoder.prototype[patched]) return;
  const original = decoder.prototype.readVarIntArray;
  decoder.prototype.readVarIntArray = function (read) {
    const list = original.call(this, read);
    if (list.length === 0) return list;
    const reduce = list.reduce.bind(list) as (...args: unknown[]) => unknown;
    Object.defineProperty(list, 'reduce', {
      enumerable: false,
      value: (...args: unknown[]) => {
        const folded = reduce(...args);
        if (typeof folded === 'object' && folded !== null) {
          Object.defineProperty(folded, rawHeaders, { value: list, enumerable: false });
        }
        return folded;
      },
    });
    return list;
  };
  decoder.prototype[patched] = true;
}

const hooksOf = ({ assigners }: HookedGroup) =>
  assigners.map((assigner) => assigner[groupHooks]).find((found) => found !== undefined);

function holdJoinAndFetch(consumerGroup: { prototype: GroupPrototype }) {
  const { prototype } = consumerGroup;
  if (prototype[patched]) return;
  const { joinAndSync, fetch } = prototype;
  prototype.joinAndSync = async function () {
    const hooks = hooksOf(this);
    await hooks?.beforeJoin(this);
    await joinAndSync.call(this);
    await hooks?.afterJoin(this);
  };
  prototype.fetch = async function (nodeId) {
    const hooks = hooksOf(this);
    if (hooks === undefined) return fetch.call(this, nodeId);
    seeCommittedRecordsOnly(this.cluster);
    await hooks.beforeFetch();
    const batches = await fetch.call(this, nodeId);
    hooks.afterFetch(batches);
    return batches;
  };
  prototype[patched] = true;
}

/** A cluster and its brokers belong to one consumer, so that its own objects can be wrapped. */
function seeCommittedRecordsOnly(cluster: JoinedGroup['cluster']) {
  if (cluster[patched]) return;
  const findBroker = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (request) => {
    const broker = await findBroker(request);
    if (broker[patched]) return broker;
    const fetch = broker.fetch.bind(broker);
    broker.fetch = async (fetchRequest) => {
      const answer = await fetch(fetchRequest);
      for (const { partitions } of answer.responses) partitions.forEach(hideAbortedRecords);
      return answer;
    };
    broker[patched] = true;
    return broker;
  };
  cluster[patched] = true;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
  [patched]?: true;
}

/**
 * After each answer kafkajs sets a timer to look for waiting requests, for a time that is long past when the broker does
 * not throttle: Node 24 prints a TimeoutNegativeWarning for it. Without a waiting request there is nothing to look for.
 */
function checkOnlyWhatWaits({ prototype }: { prototype: RequestQueue }) {
  if (prototype[patched]) return;
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
  prototype[patched] = true;
}

/** Prepares kafkajs; calling it again changes nothing. */
export function prepareKafkajs(): void {
  keepHeaderOrder(require('kafkajs/src/protocol/decoder') as Parameters<typeof keepHeaderOrder>[0]);
  holdJoinAndFetch(require('kafkajs/src/consumer/consumerGroup') as { prototype: GroupPrototype });
  silenceNegativeTimeoutWarning();
}

/** For whoever uses kafkajs without its consumers; calling it again changes nothing. */
export function silenceNegativeTimeoutWarning(): void {
  checkOnlyWhatWaits(require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue });
}

/** The headers of a record that kafkajs decoded, in their order, repeated names repeated. */
export function headersInOrder(headers: unknown): readonly RawHeader[] {
  if (headers === null || typeof headers !== 'object') return [];
  return (headers as { [rawHeaders]?: RawHeader[] })[rawHeaders] ?? [];
}

/** The offset that the broker was asked for when it gave this batch. */
export function fetchedOffsetOf({ batch }: EachBatchPayload): number {
  return Number((batch as unknown as FetchedBatch).fetchedOffset);
}

/** The same assigner, carrying the hooks to the consumer group that uses it. */
export function withGroupHooks(assigner: PartitionAssigner, hooks: GroupHooks): PartitionAssigner {
  return (config) => Object.assign(assigner(config), { [groupHooks]: hooks });
}
