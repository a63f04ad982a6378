import { topicPositionOf } from '../../../functions/core/topic-position.ts';
import { TopicWatch } from '../../../functions/poll-changes/topic-watch.ts';
import type { PollerRun } from '../../support/cdc/poller-simulation.ts';
import { PARTITION_COUNT, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

const TOPIC = 'employee-changes';
/** Longer than the interval of the looks. */
const NOTICED_MS = 6_000;

let simulation: PollerSimulation;
let poller: PollerRun;

/** A poller that has published its first snapshot and some changes. */
beforeEach(async () => {
  simulation = new PollerSimulation();
  poller = simulation.startPoller();
  await simulation.clock.advance(500);
  await simulation.writeFor(1_000);
  await simulation.clock.advance(500);
});

const snapshots = () => new Set(simulation.topic.map(({ message }) => message.epoch)).size;
const ends = () => simulation.topic.filter(({ message }) => message.action === 'SNAPSHOT_END').length;
const advance = (ms: number) => simulation.clock.advance(ms);

it('saves the topic and how far it has acknowledged the changes', async () => {
  const { clusterId, topicId, partitions } = await simulation.topics.describe(TOPIC);
  const nextOffsets = partitions.map(({ endOffset }) => String(endOffset));
  expect((await simulation.savedPosition()).topic).toEqual({ clusterId, topicId, nextOffsets });
});

it('begins no snapshot while the topic has what it had acknowledged', async () => {
  await advance(20_000);
  await simulation.writeFor(1_000);
  await advance(20_000);
  expect(snapshots()).toBe(1);
});

it('begins one snapshot when the topic was deleted and created again', async () => {
  simulation.topics.deleteTopic(TOPIC);
  simulation.topics.createTopic(TOPIC, PARTITION_COUNT);
  await advance(NOTICED_MS);
  expect(await simulation.savedPosition()).toMatchObject({
    progress: { phase: 'stream' },
    snapshotReason: { code: 'PIPE_TOPIC_REPLACED' },
  });
  await advance(30_000);
  expect(snapshots()).toBe(2);
  expect(await simulation.ledger.read()).toMatchObject({ resnapshotToken: null });
});

it('begins one snapshot when the topic ends below what it had acknowledged', async () => {
  simulation.topics.truncate(TOPIC, 0, 3n);
  await advance(NOTICED_MS);
  expect((await simulation.savedPosition()).snapshotReason).toMatchObject({ code: 'PIPE_TOPIC_TRUNCATED' });
  await advance(30_000);
  expect(snapshots()).toBe(2);
});

it('begins a snapshot at once when a change gets an offset that was acknowledged before', async () => {
  await advance(NOTICED_MS);
  simulation.topics.truncate(TOPIC, 0, 3n);
  await simulation.writeFor(500);
  expect((await simulation.savedPosition()).snapshotReason).toMatchObject({ code: 'PIPE_TOPIC_TRUNCATED' });
  await advance(30_000);
  expect(snapshots()).toBe(2);
});

it('begins the snapshot with the next poller when this one dies before it notices', async () => {
  poller.kill();
  simulation.topics.deleteTopic(TOPIC);
  simulation.topics.createTopic(TOPIC, PARTITION_COUNT);
  simulation.startPoller();
  await advance(15_000);
  expect((await simulation.savedPosition()).snapshotReason).toMatchObject({ code: 'PIPE_TOPIC_REPLACED' });
  expect(snapshots()).toBe(2);
});

it('publishes to partitions that were added', async () => {
  simulation.topics.addPartitions(TOPIC, PARTITION_COUNT + 1);
  await advance(NOTICED_MS);
  const before = ends();
  await simulation.ledger.requestResnapshot('token');
  await advance(3_000);
  expect(ends() - before).toBe(PARTITION_COUNT + 1);
  expect((await simulation.savedPosition()).snapshotReason).toBeUndefined();
});

it('ignores a look that ends after its session', async () => {
  const state = await simulation.topics.describe(TOPIC);
  const looked = Promise.withResolvers<typeof state>();
  const requestSnapshot = jest.fn(async () => {});
  const { clock } = simulation;
  const dependencies = { topic: TOPIC, clock, logger: poller.logger, requestSnapshot };
  const position = { ...topicPositionOf(state), nextOffsets: ['1000', null] };
  const watch = new TopicWatch(
    { ...dependencies, inspector: { describe: () => looked.promise } },
    NOTICED_MS,
    position,
    PARTITION_COUNT,
  );
  watch.lookWhenDue();
  watch.stop();
  looked.resolve(state);
  await advance(0);
  expect(requestSnapshot).not.toHaveBeenCalled();
});

it('goes on publishing while the topic cannot be looked at', async () => {
  jest.spyOn(simulation.topics, 'describe').mockRejectedValue(new Error('not authorized'));
  await advance(NOTICED_MS);
  await simulation.writeFor(1_000);
  await advance(500);
  simulation.expectNothingLost();
  expect(poller.logger.entries).toContainEqual(
    expect.objectContaining({ level: 'warn', message: 'the topic could not be looked at' }),
  );
});
