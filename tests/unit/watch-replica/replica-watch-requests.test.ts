import { encodePosition, type Position } from '../../../functions/core/change-position.ts';
import { ReplicaWatch } from '../../../functions/watch-replica/replica-watch.ts';
import { InMemoryAppliedOffsets } from '../../support/cdc/in-memory-applied-offsets.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TOPIC = 'employee-changes';
const GROUP = 'apply-changes';
const EPOCH = 7n;

/** A topic with five partitions of 10 records, which the group has passed. Nothing is applied, and no position saved. */
function createRig() {
  const topics = new InMemoryTopics();
  topics.createTopic(TOPIC, 5);
  for (let partition = 0; partition < 5; partition += 1) {
    topics.write(TOPIC, partition, 10);
    topics.commitOffset(GROUP, TOPIC, partition, 10n);
  }
  const [ledger, conditions, logger] = [
    new InMemoryPollerLedger(),
    new InMemoryConditionStore(),
    new RecordingLogger(),
  ];
  const appliedOffsets = new InMemoryAppliedOffsets(() => EPOCH - 1n);
  const dependencies = { inspector: topics, appliedOffsets, ledger, conditions, logger, topic: TOPIC, group: GROUP };
  const watch = new ReplicaWatch(dependencies);
  return {
    ...{ topics, ledger, conditions, logger, appliedOffsets, watch },
    apply: (...partitions: readonly number[]) =>
      appliedOffsets.add(partitions.map((partition) => ({ topic: TOPIC, partition, first: 0n, next: 10n }))),
    save: async (fields: Partial<Position> | string) => {
      const progress = { phase: 'stream', since: '1:1:', page: null } as const;
      const position = { systemIdentifier: '1', saveNumber: 1n, epoch: EPOCH, progress };
      await ledger.tryAcquire(await ledger.read(), 'poller');
      const text = typeof fields === 'string' ? fields : encodePosition({ ...position, ...fields });
      await ledger.renew((await ledger.read())?.fencingToken ?? 0, { position: text });
    },
    entry: () => ledger.read(),
  };
}
const ALL = [0, 1, 2, 3, 4];

describe('a request for a new snapshot', () => {
  it('has the epoch in its token, so that each epoch is requested once', async () => {
    const { watch, apply, save, entry } = createRig();
    await save({});
    await apply(0, 1, 2, 3);
    await watch.look();
    expect((await entry())?.resnapshotToken).toBe('PIPE_CHANGES_MISSING 7');
  });

  it('is possible before there is a position', async () => {
    const { watch, entry } = createRig();
    await watch.look();
    expect((await entry())?.resnapshotToken).toBe('PIPE_CHANGES_MISSING 0');
  });

  it('says what is missing, why that may be, and that it is logged', async () => {
    const { watch, apply, logger, entry } = createRig();
    await apply(0, 1);
    await watch.look();
    const message =
      'the target lacks changes that group apply-changes does not receive from topic employee-changes any more: offsets 0 ' +
      'to 9 of partition 2, offsets 0 to 9 of partition 3, offsets 0 to 9 of partition 4; the target was restored from an ' +
      'older copy or replaced, the offsets of the group were moved forward, or the records were deleted before they were ' +
      'applied';
    expect((await entry())?.resnapshotReason).toEqual({ code: 'PIPE_CHANGES_MISSING', message });
    expect(logger.entries).toEqual([
      {
        ...{ level: 'warn', message: `a new snapshot is requested, because ${message}` },
        context: { code: 'PIPE_CHANGES_MISSING' },
      },
    ]);
  });

  it('names only the first three gaps', async () => {
    const { watch, apply, entry } = createRig();
    await apply(0);
    expect(await watch.look()).toBe(4);
    expect((await entry())?.resnapshotReason?.message).toMatch(/partition 3 and more; the target/);
    expect((await entry())?.resnapshotReason?.message).not.toContain('partition 4');
  });

  it('does not wait for a snapshot that mends nothing, such as the first one', async () => {
    const { watch, save, entry } = createRig();
    await save({ progress: { phase: 'snapshot', since: '1:1:', afterEmpId: 5 } });
    await watch.look();
    expect((await entry())?.resnapshotToken).toBe('PIPE_CHANGES_MISSING 7');
  });
});

describe('nothing is requested', () => {
  it('while the offsets that are applied belong to a topic that was deleted', async () => {
    const { watch, topics, appliedOffsets, apply, entry } = createRig();
    await apply(...ALL);
    await watch.look();
    topics.deleteTopic(TOPIC);
    topics.createTopic(TOPIC, 5);
    topics.write(TOPIC, 0, 20);
    topics.commitOffset(GROUP, TOPIC, 0, 20n);
    expect(await watch.look()).toBe(0);
    expect((await entry())?.resnapshotToken ?? null).toBeNull();
    expect((await appliedOffsets.read(TOPIC)).partitions.map(({ offsets }) => offsets)).toEqual(ALL.map(() => []));
  });

  it('while the topic has just lost records, of which the offsets are forgotten first', async () => {
    const { watch, topics, apply, appliedOffsets, entry } = createRig();
    await apply(0, 1, 2, 3);
    topics.truncate(TOPIC, 0, 4n);
    expect(await watch.look()).toBe(0);
    expect((await entry())?.resnapshotToken ?? null).toBeNull();
    expect((await appliedOffsets.read(TOPIC)).partitions[0]?.offsets).toEqual([{ first: 0n, next: 4n }]);
    expect(await watch.look()).toBe(1);
  });
});

it('writes nothing while all is well', async () => {
  const { watch, apply, save, appliedOffsets, conditions } = createRig();
  await save({});
  await apply(...ALL);
  await watch.look();
  const writes = [
    ...(['add', 'remove', 'assignTopicId'] as const).map((name) => jest.spyOn(appliedOffsets, name)),
    ...(['report', 'clear'] as const).map((name) => jest.spyOn(conditions, name)),
  ];
  await watch.look();
  for (const write of writes) expect(write).not.toHaveBeenCalled();
});

describe('the condition of missing changes', () => {
  it('is cleared by the first look, and again after it was shown', async () => {
    const { watch, apply, save, conditions } = createRig();
    await save({});
    await apply(...ALL);
    const clear = jest.spyOn(conditions, 'clear');
    await watch.look();
    expect(clear).toHaveBeenCalledWith('watch-replica/missing-changes');
    await save({ epoch: EPOCH + 1n, snapshotReason: { code: 'PIPE_X', message: 'm' } });
    await watch.look();
    expect(conditions.conditions).toMatchObject([
      {
        code: 'PIPE_X',
        message:
          'm. Nothing is to be done: a new snapshot of the source mends it, and this ends when the target has applied it.',
      },
    ]);
    await save({});
    await watch.look();
    expect(clear).toHaveBeenCalledTimes(2);
    expect(conditions.conditions).toEqual([]);
  });

  it('shows the requested snapshot rather than the one before', async () => {
    const { watch, apply, save, conditions, ledger } = createRig();
    await apply(...ALL);
    await save({ epoch: EPOCH + 1n, snapshotReason: { code: 'PIPE_EARLIER', message: 'm' } });
    await ledger.requestResnapshot('t', { code: 'PIPE_LATER', message: 'm' });
    await watch.look();
    expect(conditions.conditions).toMatchObject([{ code: 'PIPE_LATER' }]);
  });

  it.each([['unreadable'], [null]])('is absent with position %j', async (position) => {
    const { watch, apply, save, conditions } = createRig();
    await apply(...ALL);
    if (position !== null) await save(position);
    expect(await watch.look()).toBe(0);
    expect(conditions.conditions).toEqual([]);
  });
});
