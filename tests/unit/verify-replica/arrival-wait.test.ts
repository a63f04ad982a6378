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
