/**
 * All patches of kafkajs' internals. Each says what is missing without it; `patched-kafkajs.test.ts` fails for a patch
 * that kafkajs no longer needs. They wrap prototypes because that works no matter which module loaded kafkajs first, and
 * in Jest, whose module cache is not Node's. They apply to every user of kafkajs in the process.
 */
import { createRequire } from 'node:module';
import type { EachBatchPayload, PartitionAssigner } from 'kafkajs';
import { type FetchedPartition, hideAbortedRecords } from './aborted-records.ts';
import type { ConsumerGroup } from './consumer-group.ts';

/** The version whose source the patches were written against. */
export const PATCHED_VERSION = '2.2.4';

const require = createRequire(import.meta.url);
const isPatched: unique symbol = Symbol.for('event-sources: kafkajs is patched');
const orderedHeaders = Symbol('headers in record order');
const groupHooks = Symbol('hooks of the event source');

/** Applies all patches. Repeated calls have no effect. */
export function patchKafkajs(): void {
  stopIdleTimers();
  patchOnce(prototypeOf<Decoder>('kafkajs/src/protocol/decoder'), keepHeaderOrder);
  patchOnce(prototypeOf<FetchingBroker>('kafkajs/src/broker'), hideAllAbortedRecords);
  patchOnce(prototypeOf<HookedGroup>('kafkajs/src/consumer/consumerGroup'), callGroupHooks);
  for (const [module, property] of TIMES) measureEvenly(prototypeOf(module), property);
}

/** Applies only the patch that matters without a consumer of the event sources. Repeated calls have no effect. */
export function stopIdleTimers(): void {
  assertPatchedVersion((require('kafkajs/package.json') as { version: string }).version);
  patchOnce(prototypeOf<RequestQueue>('kafkajs/src/network/requestQueue'), checkPendingRequestsOnly);
}

export function assertPatchedVersion(installed: string): void {
  if (installed === PATCHED_VERSION) return;
  throw new Error(
    `expected kafkajs ${PATCHED_VERSION}, whose internals the event sources patch, found ${installed}: install kafkajs@${PATCHED_VERSION}`,
  );
}

interface Patchable {
  [isPatched]?: true;
}

function prototypeOf<T extends Patchable>(module: string): T {
  return (require(module) as { prototype: T }).prototype;
}

function patchOnce<T extends Patchable>(prototype: T, patch: (prototype: T) => void): void {
  if (prototype[isPatched]) return;
  patch(prototype);
  prototype[isPatched] = true;
}

/** A header of a record. The value is null when the producer gave none. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Decoder extends Patchable {
  readVarIntArray(read: unknown): unknown[];
}

/**
 * kafkajs folds a record's list of headers into an object, with `readVarIntArray(decodeHeader).reduce(...)`. That loses
 * the order across names: a repeated name becomes one array, and names such as "10" move to the front. The list returned
 * here attaches itself to the object, under a symbol that no other user of kafkajs sees.
 * Upstream: https://github.com/tulios/kafkajs/issues/1121
 */
function keepHeaderOrder(prototype: Decoder): void {
  const { readVarIntArray } = prototype;
  prototype.readVarIntArray = function (read) {
    const headers = readVarIntArray.call(this, read);
    if (headers.length > 0) headers.reduce = foldWithOrder;
    return headers;
  };
}

function foldWithOrder(this: unknown[], ...args: unknown[]): unknown {
  const folded: unknown = Reflect.apply(Array.prototype.reduce, this, args);
  return Object.defineProperty(folded as object, orderedHeaders, { value: this });
}

/** The headers of a record that kafkajs decoded, in record order. */
export function headersInOrder(headers: unknown): readonly RecordHeader[] {
  if (headers === null || typeof headers !== 'object') return [];
  return (headers as { [orderedHeaders]?: RecordHeader[] })[orderedHeaders] ?? [];
}

interface FetchingBroker extends Patchable {
  fetch(request: unknown): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
}

/**
 * kafkajs returns records of aborted transactions when several producers write at the same time; see `hideAbortedRecords`.
 * No issue upstream; the filter came with https://github.com/tulios/kafkajs/pull/223
 */
function hideAllAbortedRecords(prototype: FetchingBroker): void {
  const { fetch } = prototype;
  prototype.fetch = async function (request) {
    const response = await fetch.call(this, request);
    for (const { partitions } of response.responses) partitions.forEach(hideAbortedRecords);
    return response;
  };
}

/** kafkajs awaits these calls, unlike the listeners of its events. */
export interface GroupHooks {
  /** Called before each JoinGroup request, including the first. */
  beforeJoin(group: ConsumerGroup): Promise<void>;
  /** Called with the new assignment, before the first fetch. */
  afterJoin(group: ConsumerGroup): Promise<void>;
  beforeFetch(): Promise<void>;
  /** Called with the batches of a fetch before any of them is processed. */
  afterFetch(batches: readonly FetchedBatch[]): void;
}

export interface FetchedBatch {
  readonly partition: number;
  /** The offset that the fetch asked for. The first record's is higher where records were compacted away. */
  readonly fetchedOffset: string;
}

interface HookedGroup extends ConsumerGroup, Patchable {
  readonly assigners: readonly { [groupHooks]?: GroupHooks }[];
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<readonly FetchedBatch[]>;
}

/**
 * Before a member joins again, its batches in flight must end and their offsets be committed: another member may get the
 * partitions, and would deliver the same records at the same time. kafkajs emits REBALANCING and GROUP_JOIN, but does not
 * await their listeners. Around a fetch: kafkajs sleeps for a whole `maxWaitTimeInMs` when all partitions are paused, and
 * no event has the offset that a fetch asked for, which tells a gap from compaction.
 * Upstream: https://github.com/tulios/kafkajs/issues/592
 */
function callGroupHooks(prototype: HookedGroup): void {
  const { joinAndSync, fetch } = prototype;
  prototype.joinAndSync = async function () {
    const hooks = hooksOf(this);
    await hooks?.beforeJoin(this);
    await joinAndSync.call(this);
    await hooks?.afterJoin(this);
  };
  prototype.fetch = async function (nodeId) {
    const hooks = hooksOf(this);
    await hooks?.beforeFetch();
    const batches = await fetch.call(this, nodeId);
    hooks?.afterFetch(batches);
    return batches;
  };
}

function hooksOf({ assigners }: HookedGroup): GroupHooks | undefined {
  return assigners.find((assigner) => assigner[groupHooks] !== undefined)?.[groupHooks];
}

/** The same assigner, which carries the hooks to the consumer group that uses it. */
export function withGroupHooks(assigner: PartitionAssigner, hooks: GroupHooks): PartitionAssigner {
  return (config) => Object.assign(assigner(config), { [groupHooks]: hooks });
}

/** kafkajs does not declare the property. */
export function fetchedOffsetOf({ batch }: EachBatchPayload): number {
  return Number((batch as unknown as FetchedBatch).fetchedOffset);
}

interface RequestQueue extends Patchable {
  readonly pending: readonly unknown[];
  /** Milliseconds since 1970; -1 when the broker never throttled. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/**
 * After each response kafkajs starts a timer to look for pending requests, with a negative delay unless the broker
 * throttles. Node 24 prints a TimeoutNegativeWarning, and an idle connection wakes up every millisecond.
 * Upstream: https://github.com/tulios/kafkajs/issues/1751 and https://github.com/tulios/kafkajs/issues/1704
 */
function checkPendingRequestsOnly(prototype: RequestQueue): void {
  const { scheduleCheckPendingRequests } = prototype;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheckPendingRequests.call(this);
  };
}

/** The properties in which kafkajs keeps a time, to compare it with the wall clock later. */
const TIMES = [
  ['kafkajs/src/consumer/consumerGroup', 'lastRequest'],
  ['kafkajs/src/cluster/brokerPool', 'metadataExpireAt'],
  ['kafkajs/src/network/requestQueue', 'throttledUntil'],
  ['kafkajs/src/network/requestQueue/socketRequest', 'sentAt'],
] as const;

/**
 * kafkajs measures with the wall clock. When that is set back or stands still, no heartbeat is sent until it has caught up,
 * so the broker drops the member and takes no commit of it; new partitions are not found, and a request without a response
 * does not time out. Here a time moves with the wall clock when that is set, so its distance from now is what has elapsed.
 * No issue upstream.
 */
function measureEvenly(prototype: object, property: string): void {
  if (Object.hasOwn(prototype, property)) return;
  const monotonicMs = Symbol(property);
  Object.defineProperty(prototype, property, {
    get(this: { [monotonicMs]?: unknown }) {
      const value = this[monotonicMs];
      return typeof value === 'number' ? Date.now() + (value - performance.now()) : value;
    },
    set(this: { [monotonicMs]?: unknown }, value: unknown) {
      this[monotonicMs] = typeof value === 'number' ? performance.now() + (value - Date.now()) : value;
    },
  });
}
