type Patches = typeof import('../../../../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts');

const DAY_MS = 86_400_000;
const METADATA_MAX_AGE_MS = 5_000;

/** Both clocks of the process. */
const time = { wallMs: 0, monotonicMs: 0 };

beforeEach(() => {
  time.wallMs = Date.parse('2026-12-31');
  time.monotonicMs = 1_000;
  jest.spyOn(Date, 'now').mockImplementation(() => time.wallMs);
  jest.spyOn(performance, 'now').mockImplementation(() => time.monotonicMs);
});
afterEach(() => jest.restoreAllMocks());

/** What the wall clock does while ten seconds pass. */
const SETTINGS = [
  ['goes on', 10_000],
  ['stands still', 0],
  ['is set back by a day', -DAY_MS],
  ['is set forward by a day', DAY_MS],
] as const;

function passTenSeconds(wallMs: number): void {
  time.monotonicMs += 10_000;
  time.wallMs += wallMs;
}

/** Runs with fresh copies of kafkajs and the patches. */
function withFreshKafkajs<T>(isPatched: boolean, run: () => T): T {
  let result: T | undefined;
  jest.isolateModules(() => {
    const { patchKafkajs } =
      require('../../../../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts') as Patches;
    if (isPatched) patchKafkajs();
    result = run();
  });
  return result as T;
}

const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };

/** How many heartbeats a member sends that calls for one, the time passes, and it calls for one again. */
async function countHeartbeats(isPatched: boolean, wallMs: number): Promise<number> {
  const group = withFreshKafkajs(isPatched, () => {
    const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup') as new (
      options: object,
    ) => { heartbeat(options: { interval: number }): Promise<void> };
    return new ConsumerGroup({ logger, instrumentationEmitter: { emit: () => {} } });
  });
  let count = 0;
  Object.assign(group, { memberId: 'member', coordinator: { heartbeat: async () => void count++ } });
  await group.heartbeat({ interval: 1_000 });
  passTenSeconds(wallMs);
  await group.heartbeat({ interval: 1_000 });
  return count;
}

/** Whether the metadata of a topic, just read, are read again when twice their age has passed. */
async function isMetadataReadAgain(isPatched: boolean, wallMs: number): Promise<boolean> {
  const pool = withFreshKafkajs(isPatched, () => {
    const BrokerPool = require('kafkajs/src/cluster/brokerPool') as new (
      options: object,
    ) => { refreshMetadataIfNecessary(topics: string[]): Promise<void> };
    return new BrokerPool({ logger, retry: {}, connectionPoolBuilder: {}, metadataMaxAge: METADATA_MAX_AGE_MS });
  });
  let isReadAgain = false;
  Object.assign(pool, {
    metadata: { topicMetadata: [{ topic: 't' }] },
    metadataExpireAt: Date.now() + METADATA_MAX_AGE_MS,
    refreshMetadata: async () => {
      isReadAgain = true;
    },
  });
  await pool.refreshMetadataIfNecessary(['t']);
  expect(isReadAgain).toBe(false);
  passTenSeconds(wallMs);
  await pool.refreshMetadataIfNecessary(['t']);
  return isReadAgain;
}

// When kafkajs no longer needs the patch, this fails: delete the patch then.
test.each(SETTINGS.slice(1, 3))('kafkajs without its patch waits for the wall clock that %s', async (_, wallMs) => {
  expect(await countHeartbeats(false, wallMs)).toBe(0);
  expect(await isMetadataReadAgain(false, wallMs)).toBe(false);
});

test.each(SETTINGS)('a heartbeat is sent and metadata are read again while the wall clock %s', async (_, wallMs) => {
  expect(await countHeartbeats(true, wallMs)).toBe(1);
  expect(await isMetadataReadAgain(true, wallMs)).toBe(true);
});

test.each(SETTINGS)(
  'a request times out, and the pause of a broker that throttles ends, while the wall clock %s',
  (_, wallMs) => {
    const [request, queue] = withFreshKafkajs(true, () => [
      Object.create((require('kafkajs/src/network/requestQueue/socketRequest') as { prototype: object }).prototype),
      Object.create((require('kafkajs/src/network/requestQueue') as { prototype: object }).prototype),
    ]) as [{ sentAt: number | null }, { throttledUntil: number }];
    request.sentAt = null;
    expect(request.sentAt).toBeNull();
    request.sentAt = Date.now();
    queue.throttledUntil = Date.now() + 60_000;
    passTenSeconds(wallMs);
    expect(Date.now() - request.sentAt).toBe(10_000);
    expect(queue.throttledUntil - Date.now()).toBe(50_000);
  },
);
