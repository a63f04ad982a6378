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

/** A target that has applied what the group has committed: 10 records of each of two partitions. */
async function createRig() {
  const topics = new InMemoryTopics();
  topics.createTopic(TOPIC, 2);
  const ledger = new InMemoryPollerLedger();
  const conditions = new InMemoryConditionStore();
  let watermarkEpoch = EPOCH - 1n;
  const appliedOffsets = new InMemoryAppliedOffsets(() => watermarkEpoch);
  const dependencies = { inspector: topics, appliedOffsets, ledger, conditions, topic: TOPIC, group: GROUP };
  const watch = new ReplicaWatch({ ...dependencies, logger: new RecordingLogger() });

  const savePosition = async (fields: Partial<Position> = {}) => {
    const progress = { phase: 'stream', since: '1:1:', page: null } as const;
    const position = { systemIdentifier: '1', saveNumber: 1n, epoch: EPOCH, progress, ...fields };
    await ledger.tryAcquire(await ledger.read(), 'poller');
    const entry = await ledger.read();
    await ledger.renew(entry?.fencingToken ?? 0, {
      position: encodePosition(position),
      ...(entry !== null && entry.resnapshotToken !== null && { fulfilledResnapshotToken: entry.resnapshotToken }),
    });
  };
  const publish = (partition: number, count: number) => topics.write(TOPIC, partition, count);
  const apply = (partition: number, first: number, next: number) =>
    appliedOffsets.add([{ topic: TOPIC, partition, first: BigInt(first), next: BigInt(next) }]);
  const commit = (partition: number, offset: number) => topics.commitOffset(GROUP, TOPIC, partition, BigInt(offset));
  const requested = async () => (await ledger.read())?.resnapshotReason?.message ?? null;

  await savePosition();
  for (const partition of [0, 1]) {
    publish(partition, 10);
    await apply(partition, 0, 10);
    commit(partition, 10);
  }
  await watch.look();
  return {
    ...{ topics, ledger, conditions, appliedOffsets, watch, savePosition, publish, apply, commit, requested },
    completeSnapshot: (epoch: bigint) => {
      watermarkEpoch = epoch - 1n;
    },
    restoreTo: async (partition: number, offset: number) => {
      await appliedOffsets.remove([{ topic: TOPIC, partition, first: BigInt(offset), next: 1_000n }]);
    },
  };
}

describe('nothing is requested', () => {
  it('while everything that the group has passed is applied', async () => {
    const { watch, requested, conditions, publish, apply } = await createRig();
    publish(0, 5);
    await apply(0, 10, 15);
    expect(await watch.look()).toBe(0);
    expect(await requested()).toBeNull();
    expect(conditions.conditions).toEqual([]);
  });

  it('for records that the group has not passed yet', async () => {
    const { watch, requested, publish } = await createRig();
    publish(0, 50);
    expect(await watch.look()).toBe(0);
    expect(await requested()).toBeNull();
  });

  it('for a topic that nothing was published to', async () => {
    const { watch, topics, requested } = await createRig();
    topics.addPartitions(TOPIC, 5);
    expect(await watch.look()).toBe(0);
    expect(await requested()).toBeNull();
  });

  it('for the ends of transactions and aborted ones, which then count as applied', async () => {
    const { watch, topics, apply, commit, requested, appliedOffsets } = await createRig();
    topics.write(TOPIC, 0, 2, 'commit');
    topics.write(TOPIC, 0, 3, 'abort');
    await apply(0, 10, 12);
    commit(0, 17);
    expect(await watch.look()).toBe(0);
    expect(await requested()).toBeNull();
    expect((await appliedOffsets.read(TOPIC)).partitions[0]?.offsets).toEqual([{ first: 0n, next: 17n }]);
  });

  it('when the offsets of the group are moved back, or deleted', async () => {
    const { watch, topics, commit, requested } = await createRig();
    commit(0, 2);
    expect(await watch.look()).toBe(0);
    topics.deleteRecords(TOPIC, 1, 10n);
    expect(await watch.look()).toBe(0);
    expect(await requested()).toBeNull();
  });
});

describe('a new snapshot is requested', () => {
  it('when the target was restored from an older copy, although no further change comes', async () => {
    const { watch, requested, restoreTo } = await createRig();
    await restoreTo(1, 4);
    expect(await watch.look()).toBe(1);
    expect(await requested()).toMatch(/offsets 4 to 9 of partition 1/);
  });

  it('when the target was replaced by an empty one', async () => {
    const { topics, ledger, conditions, requested } = await createRig();
    const appliedOffsets = new InMemoryAppliedOffsets();
    const dependencies = { inspector: topics, appliedOffsets, ledger, conditions, topic: TOPIC, group: GROUP };
    expect(await new ReplicaWatch({ ...dependencies, logger: new RecordingLogger() }).look()).toBe(2);
    expect(await requested()).toMatch(/offsets 0 to 9 of partition 0, offsets 0 to 9 of partition 1/);
  });

  it('when the offsets of the group were moved forward', async () => {
    const { watch, publish, commit, requested } = await createRig();
    publish(0, 30);
    commit(0, 40);
    expect(await watch.look()).toBe(1);
    expect(await requested()).toMatch(/offsets 10 to 39 of partition 0/);
  });

  it('when a batch was skipped between two others', async () => {
    const { watch, publish, apply, commit, requested } = await createRig();
    publish(0, 30);
    await apply(0, 20, 40);
    commit(0, 40);
    await watch.look();
    expect(await requested()).toMatch(/offsets 10 to 19 of partition 0/);
  });

  it('when records were deleted before they were applied', async () => {
    const { watch, topics, publish, requested } = await createRig();
    publish(0, 30);
    topics.deleteRecords(TOPIC, 0, 25n);
    await watch.look();
    expect(await requested()).toMatch(/offsets 10 to 24 of partition 0/);
  });

  it('once for each gap', async () => {
    const { watch, ledger, restoreTo } = await createRig();
    const request = jest.spyOn(ledger, 'requestResnapshot');
    await restoreTo(0, 4);
    for (let look = 0; look < 5; look += 1) await watch.look();
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('again when the target is restored again', async () => {
    const { watch, ledger, restoreTo } = await createRig();
    const request = jest.spyOn(ledger, 'requestResnapshot');
    await restoreTo(0, 4);
    await watch.look();
    await restoreTo(0, 2);
    await watch.look();
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('again when the request may not have been stored', async () => {
    const { watch, ledger, restoreTo, requested } = await createRig();
    const request = jest.spyOn(ledger, 'requestResnapshot').mockRejectedValueOnce(new Error('unreachable'));
    await restoreTo(0, 4);
    await expect(watch.look()).rejects.toThrow('unreachable');
    await watch.look();
    expect(request).toHaveBeenCalledTimes(2);
    expect(await requested()).toMatch(/partition 0/);
  });

  it('only after a snapshot that mends something is published', async () => {
    const { watch, restoreTo, savePosition, requested, conditions } = await createRig();
    const snapshotReason = { code: 'PIPE_CHANGES_MISSING', message: 'an earlier gap' } as const;
    await savePosition({
      epoch: EPOCH + 1n,
      progress: { phase: 'snapshot', since: '1:1:', afterEmpId: 5 },
      snapshotReason,
    });
    await restoreTo(0, 4);
    await watch.look();
    expect(await requested()).toBeNull();
    expect(conditions.conditions).toMatchObject([{ message: expect.stringContaining('offsets 4 to 9') }]);
    await savePosition({ epoch: EPOCH + 1n, snapshotReason });
    await watch.look();
    expect(await requested()).toMatch(/offsets 4 to 9/);
  });
});

describe('a topic that was deleted and created again', () => {
  it('is compared with what is applied of it, and not of the former one', async () => {
    const { watch, topics, publish, apply, commit, requested } = await createRig();
    topics.deleteTopic(TOPIC);
    topics.createTopic(TOPIC, 2);
    await watch.look();
    publish(0, 8);
    await apply(0, 0, 5);
    commit(0, 5);
    await watch.look();
    expect(await requested()).toBeNull();
    commit(0, 8);
    await watch.look();
    expect(await requested()).toMatch(/offsets 5 to 7 of partition 0/);
  });

  it('needs a snapshot for what the group has passed before the new topic was noticed', async () => {
    const { watch, topics, publish, apply, commit, requested } = await createRig();
    topics.deleteTopic(TOPIC);
    topics.createTopic(TOPIC, 2);
    publish(0, 8);
    await apply(0, 6, 8);
    commit(0, 8);
    await watch.look();
    await watch.look();
    expect(await requested()).toMatch(/offsets 0 to 7 of partition 0/);
  });
});

it('notices gaps at offsets that the topic gives again after it has lost records', async () => {
  const { watch, topics, publish, commit, requested } = await createRig();
  topics.truncate(TOPIC, 0, 6n);
  // The group's offset is still beyond the end.
  for (let look = 0; look < 4; look += 1) await watch.look();
  expect(await requested()).toBeNull();
  publish(0, 4);
  commit(0, 10);
  await watch.look();
  expect(await requested()).toMatch(/offsets 6 to 9 of partition 0/);
});

describe('the condition', () => {
  it('lasts from the gap until the target has applied the snapshot', async () => {
    const { watch, conditions, restoreTo, savePosition, completeSnapshot, ledger } = await createRig();
    await restoreTo(0, 4);
    await watch.look();
    expect(conditions.conditions).toMatchObject([
      {
        id: 'watch-replica/missing-changes',
        code: 'PIPE_CHANGES_MISSING',
        message: expect.stringMatching(/lacks changes .* offsets 4 to 9 .*Nothing is to be done/),
      },
    ]);
    await watch.look();
    expect(conditions.conditions).toHaveLength(1);
    const snapshotReason = (await ledger.read())?.resnapshotReason;
    const begun = { epoch: EPOCH + 1n, ...(snapshotReason && { snapshotReason }) };
    await savePosition({ ...begun, progress: { phase: 'snapshot', since: '1:1:', afterEmpId: null } });
    await watch.look();
    expect(conditions.conditions).toHaveLength(1);
    await savePosition(begun);
    await watch.look();
    expect(conditions.conditions).toHaveLength(1);
    completeSnapshot(EPOCH + 1n);
    await watch.look();
    expect(conditions.conditions).toEqual([]);
  });

  it('shows why poll-changes has begun a snapshot by itself', async () => {
    const { watch, conditions, savePosition } = await createRig();
    const snapshotReason = { code: 'PIPE_TOPIC_REPLACED', message: 'the topic was replaced' } as const;
    await savePosition({ epoch: EPOCH + 1n, snapshotReason });
    await watch.look();
    expect(conditions.conditions).toMatchObject([{ code: 'PIPE_TOPIC_REPLACED' }]);
  });

  it('is absent for a snapshot that an operator has requested, and for the first one', async () => {
    const { watch, conditions, ledger, savePosition } = await createRig();
    await ledger.requestResnapshot('token');
    await watch.look();
    await savePosition({ epoch: EPOCH + 1n });
    await watch.look();
    expect(conditions.conditions).toEqual([]);
  });

  it('of an earlier instance is cleared', async () => {
    const { ledger, topics, appliedOffsets } = await createRig();
    const conditions = new InMemoryConditionStore();
    await conditions.report({ id: 'watch-replica/missing-changes', code: 'PIPE_CHANGES_MISSING', message: 'earlier' });
    const dependencies = { inspector: topics, appliedOffsets, ledger, conditions, topic: TOPIC, group: GROUP };
    await new ReplicaWatch({ ...dependencies, logger: new RecordingLogger() }).look();
    expect(conditions.conditions).toEqual([]);
  });

  it('does not depend on a position that cannot be read', async () => {
    const { watch, ledger, restoreTo, requested } = await createRig();
    await ledger.renew((await ledger.read())?.fencingToken ?? 0, { position: 'unreadable' });
    await restoreTo(0, 4);
    await watch.look();
    expect(await requested()).toMatch(/offsets 4 to 9/);
  });
});
