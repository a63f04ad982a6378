import type { Position } from '../../../functions/core/change-position.ts';
import { topicPositionOf } from '../../../functions/core/topic-position.ts';
import { CaptureWatch } from '../../../functions/poll-changes/capture-watch.ts';
import { ChangePurger } from '../../../functions/poll-changes/change-purger.ts';
import { ChangeReader } from '../../../functions/poll-changes/change-reader.ts';
import { Lease, LeaseLostError } from '../../../functions/poll-changes/lease.ts';
import { PollStatistics } from '../../../functions/poll-changes/poll-statistics.ts';
import { PollTick } from '../../../functions/poll-changes/poll-tick.ts';
import { PollingSession } from '../../../functions/poll-changes/polling-session.ts';
import { PositionSaver } from '../../../functions/poll-changes/position-saver.ts';
import { RetryCondition } from '../../../functions/poll-changes/retry-condition.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { TopicWatch } from '../../../functions/poll-changes/topic-watch.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const UNTIL_MS = 60_000;
const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20, acceptanceMs: 500 };

/** A session with two pages of employees to publish, and a publisher that takes 100 ms. */
async function createSession() {
  const clock = new FakeClock();
  const source = new InMemoryChangeSource(2);
  const txid = source.begin();
  for (const empId of [1, 2, 3, 4]) {
    source.put(txid, { empId, firstName: null, lastName: null, dob: null, city: null, salary: null });
  }
  source.commit(txid);
  const { snapshot, ...start } = await source.beginSnapshot(0n);
  const position: Position = { ...start, progress: { phase: 'snapshot', since: snapshot, afterEmpId: null } };
  const ledger = new InMemoryPollerLedger();
  const lease = new Lease(ledger, clock, { owner: 'a', timing: TIMING });
  const acquired = lease.acquire(UNTIL_MS);
  await clock.advance(TIMING.pollIntervalMs);
  await acquired;
  const topics = new InMemoryTopics();
  topics.createTopic('changes', 1);
  const describe = jest.spyOn(topics, 'describe');
  const topicWatch = new TopicWatch(
    {
      ...{ inspector: topics, topic: 'changes', clock, logger: new RecordingLogger() },
      requestSnapshot: (reason) => lease.requestResnapshot('loss', reason),
    },
    POLLER_TIMING.topicLookMs,
    topicPositionOf(topics.stateOf('changes')),
    1,
  );
  const publish = jest.fn(async (_topic: string, _records: readonly unknown[]) => {
    await clock.sleep(100);
    return [];
  });
  const readChunk = jest.spyOn(source, 'readSnapshotChunk');
  const session = new PollingSession(
    {
      reader: new ChangeReader(source, position, start.serverStartedAt, 1),
      publisher: { publish },
      topic: 'changes',
      lease,
      saver: new PositionSaver(source, lease, clock, POLLER_TIMING.saveIntervalMs, position),
      purger: new ChangePurger(source, clock, new RecordingLogger(), { purgeIntervalMs: 60_000, retentionHours: 1 }),
      topicWatch,
      captureWatch: new CaptureWatch(
        { source, conditions: new InMemoryConditionStore(), clock, logger: new RecordingLogger() },
        POLLER_TIMING.captureLookMs,
      ),
      tick: new PollTick(clock, POLLER_TIMING),
      clock,
      statistics: new PollStatistics(clock),
      retryCondition: new RetryCondition(new InMemoryConditionStore(), new RecordingLogger()),
    },
    UNTIL_MS,
  );
  return {
    clock,
    source,
    ledger,
    lease,
    publish,
    readChunk,
    topics,
    describe,
    run: () => session.run(position.progress),
  };
}

it('reads the next chunk while one is published', async () => {
  const { clock, publish, readChunk, run } = await createSession();
  void run();
  await clock.advance(50);
  expect(publish).toHaveBeenCalledTimes(1);
  expect(readChunk).toHaveBeenCalledTimes(2);
  await clock.advance(400);
  expect(publish.mock.calls.map(([topic, records]) => [topic, records.length])).toEqual([
    ['changes', 2],
    ['changes', 2],
    // The end of the snapshot.
    ['changes', 1],
  ]);
});

it('publishes nothing when nothing has changed', async () => {
  const { clock, publish, run } = await createSession();
  void run();
  await clock.advance(400);
  publish.mockClear();
  await clock.advance(2_000);
  expect(publish).not.toHaveBeenCalled();
});

it('fails with the error of the read that was under way during the publication', async () => {
  const { clock, readChunk, run } = await createSession();
  const failed = expect(run()).rejects.toThrow('unreachable');
  readChunk.mockRejectedValueOnce(new Error('unreachable'));
  await clock.advance(500);
  await failed;
});

it('keeps the lease when it ends for a new snapshot', async () => {
  const { clock, ledger, lease, run } = await createSession();
  const ended = run();
  await clock.advance(500);
  await ledger.requestResnapshot('token');
  await clock.advance(1_500);
  await lease.renewWhenDue();
  await clock.advance(200);
  expect(await ended).toBe('resnapshot-requested');
  expect(lease.held).toBe(true);
  expect(await ledger.read()).toMatchObject({ owner: 'a' });
});

it('releases the lease at the time limit', async () => {
  const { clock, ledger, run } = await createSession();
  const ended = run();
  await clock.advance(UNTIL_MS + 200);
  expect(await ended).toBe('time-limit');
  expect(await ledger.read()).toMatchObject({ owner: null });
});

it('ends exactly at the time limit', async () => {
  const { clock, publish, run } = await createSession();
  publish.mockResolvedValue([]);
  await clock.advance(UNTIL_MS - clock.monotonicMs());
  const ended = run();
  await clock.advance(0);
  expect(await ended).toBe('time-limit');
  expect(publish).toHaveBeenCalledTimes(1);
});

it('fails when another poller has the lease', async () => {
  const { clock, ledger, lease, run } = await createSession();
  const failed = expect(run()).rejects.toThrow(LeaseLostError);
  await clock.advance(500);
  await ledger.tryAcquire(await ledger.read(), 'another poller');
  await clock.advance(1_500);
  await lease.renewWhenDue().catch(() => {});
  await clock.advance(200);
  await failed;
});
