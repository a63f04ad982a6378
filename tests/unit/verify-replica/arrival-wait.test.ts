import { encodePosition } from '../../../functions/core/change-position.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { ArrivalWait } from '../../../functions/verify-replica/arrival-wait.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

const POSITION = encodePosition({
  ...{ systemIdentifier: '1', saveNumber: 1n, epoch: 1n },
  progress: { phase: 'stream', since: '10:10:', page: null },
});

/** A topic with five records, and a topic of dead letters with one. */
function makeRig() {
  const topics = new InMemoryTopics();
  for (const topic of ['changes', 'dead']) topics.createTopic(topic, 2);
  topics.write('changes', 0, 5);
  topics.write('dead', 1, 1);
  const clock = new FakeClock();
  const wait = new ArrivalWait({
    ledger: { read: async () => ({ position: POSITION }) as PollerLedgerEntry },
    source: { areVisible: async () => true },
    ...{ inspector: topics, clock, topic: 'changes', group: 'apply', deadLetters: { topic: 'dead', group: 'index' } },
  });
  return { topics, clock, untilPassed: () => wait.untilPassed([1n], 1_000) };
}

test('changes have arrived when they are applied and the dead letters of those that failed are indexed', async () => {
  const { topics, clock, untilPassed } = makeRig();
  const arrived = untilPassed();
  let isOver = false;
  void arrived.then(() => {
    isOver = true;
  });
  topics.commitOffset('apply', 'changes', 0, 5n);
  await clock.advance(500);
  expect(isOver).toBe(false);
  topics.commitOffset('index', 'dead', 1, 1n);
  await clock.advance(100);
  expect(await arrived).toBe(true);
});

test.each([
  ['are not applied', 'index', 'dead', 1, 1n],
  ['are not indexed', 'apply', 'changes', 0, 5n],
] as const)('changes that %s have not arrived when the time is over', async (_, group, topic, partition, offset) => {
  const { topics, clock, untilPassed } = makeRig();
  topics.commitOffset(group, topic, partition, offset);
  const arrived = untilPassed();
  await clock.advance(2_000);
  expect(await arrived).toBe(false);
});

const SNAPSHOT = encodePosition({
  ...{ systemIdentifier: '1', saveNumber: 1n, epoch: 1n },
  progress: { phase: 'snapshot', since: '10:10:', afterEmpId: 7 },
});

/** The groups have passed everything; the poller and the source are as given. */
function waitWith(position: string | null, areVisible: (since: string) => boolean, hasDeadLetters = true) {
  const { topics, clock } = makeRig();
  topics.commitOffset('apply', 'changes', 0, 5n);
  const wait = new ArrivalWait({
    ledger: { read: async () => position && ({ position } as PollerLedgerEntry) } as never,
    source: { areVisible: async (_, since) => areVisible(since) },
    ...{ inspector: topics, clock, topic: 'changes', group: 'apply' },
    ...(hasDeadLetters && { deadLetters: { topic: 'dead', group: 'index' } }),
  });
  return async (changeIds: readonly bigint[]) => {
    topics.commitOffset('index', 'dead', 1, hasDeadLetters ? 1n : 0n);
    const arrived = wait.untilPassed(changeIds, 1_000);
    await clock.advance(2_000);
    return arrived;
  };
}

describe('changes have not arrived', () => {
  it('while the saved position does not include them', async () => {
    expect(await waitWith(POSITION, () => false)([1n])).toBe(false);
    expect(await waitWith(POSITION, (since) => since === '10:10:')([1n])).toBe(true);
  });

  it('while a snapshot is published, or before there is a position', async () => {
    expect(await waitWith(SNAPSHOT, () => true)([1n])).toBe(false);
    expect(await waitWith(null, () => true)([1n])).toBe(false);
  });
});

test('without named changes, only what is published already is waited for', async () => {
  expect(await waitWith(POSITION, () => false)([])).toBe(true);
  expect(await waitWith(SNAPSHOT, () => false)([])).toBe(false);
});

test('no index is waited for where nothing indexes dead letters', async () => {
  expect(await waitWith(POSITION, () => true, false)([1n])).toBe(true);
});

test('a partition whose records are deleted needs no committed offset', async () => {
  const { topics, clock, untilPassed } = makeRig();
  topics.deleteRecords('changes', 0, 5n);
  topics.commitOffset('index', 'dead', 1, 1n);
  const arrived = untilPassed();
  await clock.advance(2_000);
  expect(await arrived).toBe(true);
});

test('a topic that is created again while it is waited for has not the records that were waited for', async () => {
  const { topics, clock, untilPassed } = makeRig();
  const arrived = untilPassed();
  await clock.advance(100);
  topics.deleteTopic('changes');
  topics.createTopic('changes', 2);
  topics.write('changes', 0, 9);
  topics.commitOffset('apply', 'changes', 0, 9n);
  topics.commitOffset('index', 'dead', 1, 1n);
  await clock.advance(2_000);
  expect(await arrived).toBe(false);
});

test('the last look is the last one that the time allows', async () => {
  const { topics, clock, untilPassed } = makeRig();
  const looks = jest.spyOn(topics, 'committedOffsets');
  const arrived = untilPassed();
  await clock.advance(5_000);
  expect(await arrived).toBe(false);
  expect(looks).toHaveBeenCalledTimes(20);
});
