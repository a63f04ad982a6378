import { eventually } from '../../../../support/eventually.ts';
import { decodedRecord, type Header } from '../decoded-record.ts';

type Patches = typeof import('../../../../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts');

/** Runs with fresh copies of kafkajs and the patches, so that nothing is patched before the test does it. */
function withFreshKafkajs<T>(run: (patches: Patches) => T): T {
  let result: T | undefined;
  jest.isolateModules(() => {
    result = run(require('../../../../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts') as Patches);
  });
  return result as T;
}

const prototypeOf = (module: string) => (require(module) as { prototype: Record<string, unknown> }).prototype;

test('refuses any version of kafkajs but the one that is pinned, and says how to install that', () => {
  withFreshKafkajs(({ assertPatchedVersion, PATCHED_VERSION }) => {
    expect(() => assertPatchedVersion('2.3.0')).toThrow(/expected kafkajs 2\.2\.4.* found 2\.3\.0: .*kafkajs@2\.2\.4/);
    expect(() => assertPatchedVersion(PATCHED_VERSION)).not.toThrow();
    const { dependencies } = require('../../../../../localstack/event-sources/package.json') as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['kafkajs']).toBe(PATCHED_VERSION);
  });
});

test('patches once, however often it is called', () => {
  withFreshKafkajs(({ patchKafkajs, stopIdleTimers }) => {
    const methods = () => [
      prototypeOf('kafkajs/src/protocol/decoder')['readVarIntArray'],
      prototypeOf('kafkajs/src/broker')['fetch'],
      prototypeOf('kafkajs/src/consumer/consumerGroup')['joinAndSync'],
      prototypeOf('kafkajs/src/network/requestQueue')['scheduleCheckPendingRequests'],
    ];
    const unpatched = methods();
    patchKafkajs();
    const patched = methods();
    patchKafkajs();
    stopIdleTimers();
    expect(methods()).toEqual(patched);
    for (const [index, method] of patched.entries()) expect(method).not.toBe(unpatched[index]);
  });
});

// When kafkajs no longer needs a patch, the `unpatched` half of its test fails: delete the patch then.
describe('What kafkajs does without its patches', () => {
  test('it loses the order of headers', () => {
    const names = ['b', 'a', 'b', '10'];
    const headers = names.map((name): Header => [name, Buffer.from('v')]);
    withFreshKafkajs(({ patchKafkajs, headersInOrder }) => {
      const unpatched = decodedRecord(headers);
      expect(Object.keys(unpatched.headers ?? {})).toEqual(['10', 'b', 'a']);
      patchKafkajs();
      const patched = decodedRecord(headers);
      expect(patched.headers).toEqual(unpatched.headers);
      expect(headersInOrder(patched.headers).map(({ key }) => key)).toEqual(names);
    });
  });

  test('it returns records of aborted transactions that ended in another order than they began', async () => {
    const [unpatched, patched] = withFreshKafkajs(({ patchKafkajs }) => {
      const before = fetchAbortedTransactions();
      patchKafkajs();
      return [before, fetchAbortedTransactions()];
    });
    expect((await unpatched).length).toBeGreaterThan(0);
    expect(await patched).toEqual([]);
  });

  test('it joins the group again without waiting for listeners, and so before batches in flight have ended', async () => {
    const calls: string[] = [];
    await withFreshKafkajs(() => rebalance(calls));
    expect(calls).toEqual(['join', 'listener starts', 'join']);
  });

  test('it sleeps for a whole fetch wait when all partitions are paused, even if one is resumed meanwhile', async () => {
    const sleeps: unknown[] = [];
    const timer = jest.spyOn(globalThis, 'setTimeout').mockImplementation((callback, ms) => {
      sleeps.push(ms);
      return setImmediate(callback) as unknown as NodeJS.Timeout;
    });
    await withFreshKafkajs(() => pausedGroup(50).fetch(1)).finally(() => timer.mockRestore());
    expect(sleeps).toEqual([50]);
  });

  test('its events do not have the offset that a fetch asked for', async () => {
    const payload = await withFreshKafkajs(() => skippedBatchEvent());
    expect(payload).toMatchObject({ partition: 0, batchSize: 0, firstOffset: '7', lastOffset: '7' });
    expect(JSON.stringify(payload)).not.toContain('"5"');
  });

  test('with its patch it waits for the hooks around a join and before a fetch', async () => {
    const calls: string[] = [];
    await withFreshKafkajs(({ patchKafkajs, withGroupHooks }) => {
      patchKafkajs();
      return joinWithHooks(calls, withGroupHooks);
    });
    expect(calls).toEqual(['beforeJoin', 'join', 'afterJoin', 'beforeFetch', 'fetch', 'afterFetch']);
  });

  test('it sets a timer in the past after each response', () => {
    withFreshKafkajs(({ stopIdleTimers }) => {
      const timer = jest.spyOn(globalThis, 'setTimeout').mockReturnValue(0 as unknown as NodeJS.Timeout);
      try {
        newRequestQueue().checkPendingRequests();
        expect(timer.mock.calls[0]?.[1]).toBeLessThan(0);
        timer.mockClear();
        stopIdleTimers();
        newRequestQueue().checkPendingRequests();
        expect(timer).not.toHaveBeenCalled();
        // A broker that throttles still gets its requests later.
        newRequestQueue({ throttledUntil: Date.now() + 60_000 }).checkPendingRequests();
        expect(timer.mock.calls[0]?.[1]).toBeGreaterThan(50_000);
      } finally {
        timer.mockRestore();
      }
    });
  });
});

/** The records that a consumer sees of two transactions, both aborted. Brokers list them in the order of their ends. */
async function fetchAbortedTransactions(): Promise<unknown[]> {
  type Response = { responses: { partitions: object[] }[] };
  const Broker = prototypeOf('kafkajs/src/broker') as { fetch(request: object): Promise<Response> };
  const Batch = require('kafkajs/src/consumer/batch') as new (...parameters: unknown[]) => { messages: unknown[] };
  const record = (offset: number, producerId: string) => ({
    offset: String(offset),
    key: Buffer.from('key'),
    isControlRecord: false,
    batchContext: { producerId, inTransaction: true },
  });
  const abort = (offset: number, producerId: string) => ({
    ...record(offset, producerId),
    key: Buffer.alloc(4),
    isControlRecord: true,
  });
  const partition = {
    partition: 0,
    highWatermark: '4',
    messages: [record(0, 'a'), record(1, 'b'), abort(2, 'b'), abort(3, 'a')],
    abortedTransactions: [
      { producerId: 'b', firstOffset: '1' },
      { producerId: 'a', firstOffset: '0' },
    ],
  };
  const broker = Object.assign(Object.create(Broker) as typeof Broker, {
    lookupRequest: () => () => ({}),
    connectionPool: { send: async () => ({ responses: [{ partitions: [partition] }] }) },
  });
  const response = await broker.fetch({ topics: [] });
  return new Batch('t', '0', response.responses[0]?.partitions[0]).messages;
}

const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };

/** Runs a consumer whose first fetch finds that the group rebalances, with a listener that never ends. */
async function rebalance(calls: string[]): Promise<void> {
  const Runner = require('kafkajs/src/consumer/runner') as new (
    options: object,
  ) => { start(): Promise<void>; stop(): void };
  const Emitter = require('kafkajs/src/instrumentation/emitter') as new () => {
    addListener(event: string, listener: () => Promise<void>): void;
  };
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as { events: { REBALANCING: string } };
  const { KafkaJSProtocolError } = require('kafkajs/src/errors') as {
    KafkaJSProtocolError: new (error: object) => Error;
  };
  const instrumentationEmitter = new Emitter();
  instrumentationEmitter.addListener(events.REBALANCING, () => {
    calls.push('listener starts');
    return new Promise(() => {});
  });
  const rebalancing = new KafkaJSProtocolError({ message: 'rebalancing', type: 'REBALANCE_IN_PROGRESS' });
  let fetches = 0;
  const consumerGroup = {
    connect: async () => {},
    joinAndSync: async () => void calls.push('join'),
    getNodeIds: () => [1],
    fetch: () => (fetches++ === 0 ? Promise.reject(rebalancing) : new Promise(() => {})),
  };
  const runner = new Runner({ logger, consumerGroup, instrumentationEmitter, concurrency: 1, onCrash: () => {} });
  await runner.start();
  await eventually(() => calls.filter((call) => call === 'join').length === 2, { withinMs: 10_000 });
}

type Group = { joinAndSync(): Promise<void>; fetch(nodeId: number): Promise<unknown> };

/** A member of a group whose only partition is paused. */
function pausedGroup(maxWaitTime: number): Group {
  const ConsumerGroup = prototypeOf('kafkajs/src/consumer/consumerGroup') as unknown as Group;
  const assigned = [{ topic: 't', partitions: [0] }];
  return Object.assign(Object.create(ConsumerGroup) as Group, {
    maxWaitTime,
    cluster: { refreshMetadataIfNecessary: async () => {} },
    checkForStaleAssignment: () => {},
    filterPartitionsByNode: () => assigned,
    seekOffsets: async () => {},
    subscriptionState: { assigned: () => assigned },
    offsetManager: { committedOffsets: () => ({ t: { 0: '0' } }) },
    getActiveTopicPartitions: () => ({ t: new Set() }),
  });
}

/** What kafkajs tells its listeners of a fetch from offset 5 that brought only a control record at offset 7. */
async function skippedBatchEvent(): Promise<unknown> {
  const Batch = require('kafkajs/src/consumer/batch') as new (...parameters: unknown[]) => object;
  const Runner = require('kafkajs/src/consumer/runner') as new (
    options: object,
  ) => {
    running: boolean;
    handleBatch(batch: object): Promise<void>;
  };
  const Emitter = require('kafkajs/src/instrumentation/emitter') as new () => {
    addListener(event: string, listener: (event: { payload: unknown }) => void): void;
  };
  const { events } = require('kafkajs/src/consumer/instrumentationEvents') as { events: { END_BATCH_PROCESS: string } };
  const instrumentationEmitter = new Emitter();
  const consumerGroup = { resolveOffset: () => {}, heartbeat: async () => {} };
  const runner = new Runner({ logger, consumerGroup, instrumentationEmitter, concurrency: 1, autoCommit: false });
  const payloads: unknown[] = [];
  instrumentationEmitter.addListener(events.END_BATCH_PROCESS, ({ payload }) => payloads.push(payload));
  const messages = [{ offset: '7', isControlRecord: true }];
  runner.running = true;
  await runner.handleBatch(new Batch('t', '5', { partition: 0, highWatermark: '8', messages }));
  return payloads[0];
}

/** Joins and fetches once, as kafkajs' Runner does, with asynchronous hooks. */
async function joinWithHooks(calls: string[], withGroupHooks: Patches['withGroupHooks']): Promise<void> {
  const ConsumerGroup = prototypeOf('kafkajs/src/consumer/consumerGroup') as unknown as Group;
  const record = async (call: string) => {
    await new Promise(setImmediate);
    calls.push(call);
  };
  const assigner = withGroupHooks(() => ({}) as ReturnType<ReturnType<Patches['withGroupHooks']>>, {
    beforeJoin: () => record('beforeJoin'),
    afterJoin: () => record('afterJoin'),
    beforeFetch: () => record('beforeFetch'),
    afterFetch: () => void calls.push('afterFetch'),
  });
  const group = Object.assign(Object.create(ConsumerGroup) as Group, {
    assigners: [assigner({} as Parameters<typeof assigner>[0])],
    retrier: () => record('join'),
    cluster: { refreshMetadataIfNecessary: () => record('fetch').then(() => Promise.reject(new Error('no cluster'))) },
    recoverFromFetch: async () => {},
  });
  await group.joinAndSync();
  await group.fetch(1);
}

function newRequestQueue(state: { throttledUntil?: number } = {}): { checkPendingRequests(): void } {
  const RequestQueue = require('kafkajs/src/network/requestQueue') as new (
    options: object,
  ) => {
    checkPendingRequests(): void;
  };
  return Object.assign(new RequestQueue({ logger, maxInFlightRequests: null, requestTimeout: 1_000 }), state);
}
