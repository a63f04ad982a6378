import { ConfigError } from '../../../functions/core/errors.ts';
import { handler } from '../../../functions/poll-changes/handler.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import scheduleEvent from '../../fixtures/events/schedule.json' with { type: 'json' };
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { eventually } from '../../support/eventually.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const TOPIC = 'employee-changes';
const PARTITION_COUNT = 2;
const LEASE_MS = 6_000;
/** Short, so that a poller soon detects that a test has ended its lease. */
const TIMING = { ...POLLER_TIMING, heartbeatMs: 50 };

const contextFor = (remainingMs: number) => lambdaContext('employee-streams-dev-poll-changes', remainingMs);

/** The handler with a source, a topic and a ledger in memory. */
function createTestHandler() {
  const source = new InMemoryChangeSource(1_000);
  const ledger = new InMemoryPollerLedger();
  const publisher = new InMemoryRecordPublisher({ [TOPIC]: PARTITION_COUNT });
  const describeTopic = async () => ({
    ...{ clusterId: 'cluster', topicId: 'topic' },
    partitions: Array.from({ length: PARTITION_COUNT }, (_, partition) => ({
      startOffset: 0n,
      endOffset: BigInt(publisher.recordsOf(TOPIC).filter((record) => record.partition === partition).length),
    })),
  });
  const connectAll = jest.fn(describeTopic);
  const invoke = handler.withDependencies((telemetry) => ({
    ...telemetry,
    connections: {
      ...{ source, ledger, publisher, inspector: { describe: describeTopic }, topic: TOPIC, connectAll },
      conditions: new InMemoryConditionStore(),
    },
    clock: systemClock,
    settings: { leaseMs: LEASE_MS, retentionHours: 1, purgeIntervalMs: 60_000, timing: TIMING },
  }));
  const write = () => {
    const txid = source.begin();
    source.put(txid, { empId: 7, firstName: 'Ada', lastName: null, dob: null, city: null, salary: 50_000 });
    source.commit(txid);
  };
  const actions = () =>
    publisher.recordsOf(TOPIC).map(({ value }) => (JSON.parse(String(value)) as { action: string }).action);
  const untilPublished = (action: string, times = 1) =>
    eventually(() => actions().filter((each) => each === action).length >= times);
  /** Ends the poller, as a successor does that finds its lease expired. */
  const takeLeaseAway = () => eventually(async () => ledger.tryAcquire(await ledger.read(), 'another poller'));
  return { invoke, ledger, connectAll, describeTopic, write, actions, untilPublished, takeLeaseAway };
}

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  output.restore();
});

it('polls on the event of the schedule, and logs no value of a row', async () => {
  const { invoke, write, actions, untilPublished, takeLeaseAway } = createTestHandler();
  write();
  const running = invoke(scheduleEvent, contextFor(60_000));
  await untilPublished('SNAPSHOT_END', PARTITION_COUNT);
  write();
  await untilPublished('UPDATE');
  await takeLeaseAway();
  expect(await running).toMatchObject({ outcome: 'lease-lost', published: 2 });
  expect(actions().sort()).toEqual(['SNAPSHOT', 'SNAPSHOT_END', 'SNAPSHOT_END', 'UPDATE']);
  const lines = output.restore();
  expect(lines).toContainEqual(expect.objectContaining({ ChangesPublished: 2 }));
  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'polling ended', lastReadMsAgo: expect.any(Number) }),
  );
  expect(withoutTimes(lines)).not.toMatch(/50000|Ada/);
});

it('ends 5 s before Lambda ends the invocation, and releases the lease', async () => {
  const { invoke, ledger } = createTestHandler();
  const startedAtMs = performance.now();
  expect(await invoke(scheduleEvent, contextFor(5_500))).toMatchObject({ outcome: 'time-limit' });
  expect(performance.now() - startedAtMs).toBeLessThan(5_500);
  expect(await ledger.read()).toMatchObject({ owner: null });
});

it('does not wait until the lease expires when the event says that its owner is dead', async () => {
  const { invoke, ledger, untilPublished, takeLeaseAway } = createTestHandler();
  await ledger.tryAcquire(null, 'killed poller');
  const startedAtMs = performance.now();
  const running = invoke({ ownerIsDead: true }, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  expect(performance.now() - startedAtMs).toBeLessThan(LEASE_MS);
  await takeLeaseAway();
  expect(await running).toMatchObject({ outcome: 'lease-lost' });
});

it('connects before it requests the lease from the running invocation', async () => {
  const { invoke, ledger, connectAll, describeTopic, write, untilPublished, takeLeaseAway } = createTestHandler();
  const first = invoke(scheduleEvent, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  const requestedBy = Promise.withResolvers<unknown>();
  connectAll.mockImplementationOnce(async () => {
    requestedBy.resolve((await ledger.read())?.requestedBy);
    return describeTopic();
  });
  const second = invoke(scheduleEvent, contextFor(60_000));
  expect(await requestedBy.promise).toBeNull();
  expect(await first).toMatchObject({ outcome: 'lease-transferred' });
  write();
  await untilPublished('INSERT');
  await takeLeaseAway();
  expect(await second).toMatchObject({ outcome: 'lease-lost' });
});

it('begins a new snapshot when the event requests one', async () => {
  const { invoke, ledger, write, untilPublished, takeLeaseAway } = createTestHandler();
  write();
  const first = invoke(scheduleEvent, contextFor(60_000));
  await untilPublished('SNAPSHOT');
  const second = invoke({ resnapshot: true }, contextFor(60_000));
  await untilPublished('SNAPSHOT', 2);
  expect(await ledger.read()).toMatchObject({ resnapshotToken: null });
  await first;
  await takeLeaseAway();
  await second;
});

it('retries to connect', async () => {
  const { invoke, connectAll, untilPublished, takeLeaseAway } = createTestHandler();
  connectAll.mockRejectedValueOnce(new Error('unreachable'));
  const running = invoke(scheduleEvent, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  await takeLeaseAway();
  await running;
});

it('does not retry after an error that an operator has to fix', async () => {
  const { invoke, connectAll } = createTestHandler();
  connectAll.mockRejectedValue(new ConfigError('the source database must have the encoding UTF8'));
  await expect(invoke(scheduleEvent, contextFor(60_000))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(connectAll).toHaveBeenCalledTimes(1);
});

it('names every missing variable of its environment', async () => {
  await expect(handler(scheduleEvent, contextFor(60_000))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(/SOURCE_DATABASE_URL: is required.*OFFSET_TABLE/) }),
  );
});
