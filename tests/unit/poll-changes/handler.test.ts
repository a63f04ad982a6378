import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../../functions/core/errors.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { handler } from '../../../functions/poll-changes/handler.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { eventually } from '../../support/eventually.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const event = JSON.parse(readFileSync(join(__dirname, '../../fixtures/events/schedule-poll-changes.json'), 'utf8'));

const contextFor = (remainingMs: number) => lambdaContext('employee-streams-dev-poll-changes', remainingMs);

/** The handler with source, topic and ledger in memory. */
function connectToMemory() {
  const source = new InMemoryChangeSource(1_000);
  const ledger = new InMemoryPollerLedger();
  const published: OutgoingRecord[] = [];
  const publisher = {
    publish: async (_topic: string, records: readonly OutgoingRecord[]) => void published.push(...records),
  };
  const connectAll = jest.fn(async () => 2);
  const connected = handler.withDependencies(({ logger, metrics }) => ({
    connections: { source, ledger, topic: 'employee-changes', publisher, connectAll },
    settings: { leaseMs: 6_000, retentionHours: 1, purgeIntervalMs: 60_000, timing: POLLER_TIMING },
    logger,
    metrics,
  }));
  const write = () => {
    const txid = source.begin();
    source.put(txid, { empId: 7, firstName: 'Ada', lastName: null, dob: null, city: null, salary: 50_000 });
    source.commit(txid);
  };
  const actions = () => published.map(({ value }) => (JSON.parse(String(value)) as { action: string }).action);
  /** Waits until an action is on the topic for the n-th time. */
  const untilPublished = (action: string, times = 1) =>
    eventually(() => actions().filter((each) => each === action).length >= times, { what: action });
  /** Ends whoever polls, as a successor does that took it for dead. */
  const takeAway = () =>
    eventually(async () => ledger.tryAcquire(await ledger.read(), 'another'), { what: 'the lease' });
  return { connected, ledger, connectAll, write, actions, untilPublished, takeAway };
}

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  output.restore();
});

test('polls from the event of the schedule, and tells no value of a row', async () => {
  const { connected, write, actions, untilPublished, takeAway } = connectToMemory();
  write();
  const running = connected(event, contextFor(60_000));
  await untilPublished('SNAPSHOT_END', 2);
  write();
  await untilPublished('UPDATE');
  await takeAway();
  expect(await running).toMatchObject({ outcome: 'lease-lost', published: 2 });
  expect(actions()).toEqual(['SNAPSHOT', 'SNAPSHOT_END', 'SNAPSHOT_END', 'UPDATE']);
  const lines = output.restore();
  expect(lines).toContainEqual(expect.objectContaining({ ChangesPublished: 2 }));
  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'polling ended', lastReadMsAgo: expect.any(Number) }),
  );
  expect(withoutTimes(lines)).not.toMatch(/50000|Ada/);
});

test('ends before the invocation is ended, and leaves the lease free', async () => {
  const { connected, ledger } = connectToMemory();
  expect(await connected(event, contextFor(7_000))).toMatchObject({ outcome: 'time-limit' });
  expect(await ledger.read()).toMatchObject({ owner: null });
});

test('does not wait for the lease of an owner that is dead, when it is told so', async () => {
  const { connected, ledger, untilPublished, takeAway } = connectToMemory();
  await ledger.tryAcquire(null, 'killed');
  const startedAt = performance.now();
  const running = connected({ ownerIsDead: true }, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  await takeAway();
  expect(await running).toMatchObject({ outcome: 'lease-lost' });
});

test('is relieved by the next invocation, which is connected before it asks', async () => {
  const { connected, ledger, connectAll, write, untilPublished, takeAway } = connectToMemory();
  const first = connected(event, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  const asked = Promise.withResolvers<unknown>();
  connectAll.mockImplementationOnce(async () => {
    asked.resolve((await ledger.read())?.requestedBy);
    return 2;
  });
  const second = connected(event, contextFor(60_000));
  expect(await asked.promise).toBeNull();
  expect(await first).toMatchObject({ outcome: 'lease-transferred' });
  write();
  await untilPublished('INSERT');
  await takeAway();
  expect(await second).toMatchObject({ outcome: 'lease-lost' });
});

test('begins a new snapshot when the event asks for one', async () => {
  const { connected, ledger, write, untilPublished, takeAway } = connectToMemory();
  write();
  const first = connected(event, contextFor(60_000));
  await untilPublished('SNAPSHOT');
  const second = connected({ resnapshot: true }, contextFor(60_000));
  await untilPublished('SNAPSHOT', 2);
  expect(await ledger.read()).toMatchObject({ resnapshotToken: null });
  await first;
  await takeAway();
  await second;
});

test('tries again to connect while it has time', async () => {
  const { connected, connectAll, untilPublished, takeAway } = connectToMemory();
  connectAll.mockRejectedValueOnce(new Error('away'));
  const running = connected(event, contextFor(60_000));
  await untilPublished('SNAPSHOT_END');
  await takeAway();
  await running;
});

test('does not try again what somebody has to set right', async () => {
  const { connected, connectAll } = connectToMemory();
  connectAll.mockRejectedValue(new ConfigError('the source database must have the encoding UTF8'));
  await expect(connected(event, contextFor(60_000))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(connectAll).toHaveBeenCalledTimes(1);
});

test('names what is missing in its environment', async () => {
  await expect(handler(event, contextFor(60_000))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(/SOURCE_DATABASE_URL: is required.*OFFSET_TABLE/) }),
  );
});
