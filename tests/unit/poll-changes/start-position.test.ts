import { decodePosition, encodePosition, type Progress } from '../../../functions/core/change-position.ts';
import type { SnapshotReason } from '../../../functions/core/snapshot-reason.ts';
import { type TopicPosition, topicPositionOf } from '../../../functions/core/topic-position.ts';
import type { TopicState } from '../../../functions/core/topic-state.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import { loadStartPosition } from '../../../functions/poll-changes/start-position.ts';
import type { SourceIdentity } from '../../../functions/ports/change-source.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20, acceptanceMs: 500 };
const STREAM: Progress = { phase: 'stream', since: '1:1:', page: null };
const PAGE: Progress = {
  ...STREAM,
  page: { until: '2:2:', afterChangeId: '1', lastChangeId: '9' },
};
const SNAPSHOT: Progress = { phase: 'snapshot', since: '1:1:', afterEmpId: 3 };
/** The source as it was before the lease was acquired. Its save number is out of date. */
const KNOWN: SourceIdentity = { systemIdentifier: 'in-memory', saveNumber: -1n, epoch: 5n, serverStartedAt: 'known' };
const TOPIC = 'changes';
const GAP = { code: 'PIPE_CAPTURE_GAP', message: 'ids were set back' } as const;

interface SavedState {
  readonly progress?: Progress;
  readonly systemIdentifier?: string;
  readonly saveNumber?: bigint;
  readonly isResnapshotRequested?: boolean;
  readonly topic?: TopicPosition;
}

/** A lease whose ledger has a position, if there is a progress, and perhaps a request for a snapshot. */
async function createLease({
  progress,
  systemIdentifier = 'in-memory',
  saveNumber = 0n,
  isResnapshotRequested = false,
  topic,
}: SavedState) {
  const clock = new FakeClock();
  const ledger = new InMemoryPollerLedger();
  await ledger.tryAcquire(null, 'predecessor');
  const position =
    progress && encodePosition({ systemIdentifier, saveNumber, epoch: 5n, progress, ...(topic && { topic }) });
  await ledger.release(1, null, position);
  if (isResnapshotRequested) await ledger.requestResnapshot('token');
  const lease = new Lease(ledger, clock, { owner: 'a', timing: TIMING });
  const acquired = lease.acquire(10_000);
  await clock.advance(TIMING.pollIntervalMs);
  await acquired;
  return { lease, ledger };
}

interface Surroundings {
  readonly topics?: InMemoryTopics;
  readonly known?: TopicState;
  readonly captureGap?: SnapshotReason;
}

async function load(state: SavedState, identity: SourceIdentity | null = KNOWN, surroundings: Surroundings = {}) {
  const { topics = createTopics(), captureGap = null } = surroundings;
  const { known = topics.stateOf(TOPIC) } = surroundings;
  const { lease, ledger } = await createLease({ topic: topicPositionOf(known), ...state });
  const source = new InMemoryChangeSource(10);
  const identify = jest.spyOn(source, 'identify');
  const logger = new RecordingLogger();
  const describeTopic = () => topics.describe(TOPIC);
  const dependencies = { source, lease, logger, topic: TOPIC, describeTopic };
  const start = await loadStartPosition(dependencies, { identity, topic: known, captureGap });
  return { ...start, identifyCount: identify.mock.calls.length, ledger, logger };
}

function createTopics(partitions = 2) {
  const topics = new InMemoryTopics();
  topics.createTopic(TOPIC, partitions);
  return topics;
}

it('is the saved position', async () => {
  expect(await load({ progress: SNAPSHOT })).toMatchObject({
    position: { epoch: 5n, progress: SNAPSHOT },
    serverStartedAt: 'once',
  });
});

it('needs no query of the source in the streaming phase when its identity is known', async () => {
  const { position, serverStartedAt, identifyCount } = await load({ progress: STREAM });
  expect({ progress: position.progress, serverStartedAt, identifyCount }).toEqual({
    ...{ progress: STREAM, serverStartedAt: 'known', identifyCount: 0 },
  });
});

it.each<[string, Progress, SourceIdentity | null]>([
  ['when the identity is unknown', STREAM, null],
  ['within the pages of a difference', PAGE, KNOWN],
  ['within a snapshot', SNAPSHOT, KNOWN],
])('queries the source %s', async (_, progress, known) => {
  expect(await load({ progress }, known)).toMatchObject({ serverStartedAt: 'once', identifyCount: 1 });
});

it('checks the known identity', async () => {
  await expect(load({ progress: STREAM, systemIdentifier: 'other' })).rejects.toMatchObject({
    code: 'PIPE_SOURCE_REPLACED',
  });
});

it('checks the save number when it queries the source', async () => {
  await expect(load({ progress: PAGE, saveNumber: 7n })).rejects.toMatchObject({ code: 'PIPE_SOURCE_RESTORED' });
});

it('checks the source before a snapshot that replaces missing changes', async () => {
  await expect(load({ progress: STREAM, systemIdentifier: 'other' }, KNOWN, { captureGap: GAP })).rejects.toMatchObject(
    {
      code: 'PIPE_SOURCE_REPLACED',
    },
  );
});

it.each<[string, SavedState, Surroundings]>([
  ['when none is saved', {}, {}],
  ['when one is requested', { progress: STREAM, isResnapshotRequested: true }, {}],
  ['when changes are missing', { progress: STREAM }, { captureGap: GAP }],
])('is that of a new snapshot %s, which is saved and logged', async (_, state, surroundings) => {
  const { position, ledger, logger } = await load(state, KNOWN, surroundings);
  expect(position.progress).toMatchObject({ phase: 'snapshot', afterEmpId: null });
  expect(position.epoch).toBeGreaterThan(state.progress === undefined ? 0n : 5n);
  expect(await ledger.read()).toMatchObject({ position: encodePosition(position), resnapshotToken: null });
  expect(position.snapshotReason).toEqual(surroundings.captureGap);
  expect(logger.entries).toEqual([
    surroundings.captureGap
      ? expect.objectContaining({ level: 'warn', message: expect.stringContaining(GAP.message) })
      : { level: 'info', message: 'snapshot started', context: { epoch: String(position.epoch) } },
  ]);
});

it('is the saved position while it belongs to the topic that is there', async () => {
  const topics = createTopics();
  topics.write(TOPIC, 0, 7);
  const topic = { ...topicPositionOf(topics.stateOf(TOPIC)), nextOffsets: ['7', null] };
  expect(await load({ progress: STREAM, topic }, KNOWN, { topics })).toMatchObject({
    position: { progress: STREAM, topic },
    topic: topics.stateOf(TOPIC),
  });
});

it('belongs from now on to the topic that is there, when an earlier version has saved it without one', async () => {
  const topics = createTopics();
  const { lease, ledger } = await createLease({ progress: STREAM });
  const dependencies = {
    ...{ source: new InMemoryChangeSource(10), lease, logger: new RecordingLogger(), topic: TOPIC },
    describeTopic: () => topics.describe(TOPIC),
  };
  const { position } = await loadStartPosition(dependencies, {
    ...{ identity: KNOWN, topic: topics.stateOf(TOPIC), captureGap: null },
  });
  expect(position).toMatchObject({ epoch: 5n, progress: STREAM, topic: topicPositionOf(topics.stateOf(TOPIC)) });
  expect(decodePosition((await ledger.read())?.position ?? '')).toEqual(position);
});

it('is that of a new snapshot when the topic was deleted and created again', async () => {
  const topics = createTopics();
  const topic = topicPositionOf(topics.stateOf(TOPIC));
  topics.deleteTopic(TOPIC);
  topics.createTopic(TOPIC, 3);
  const { position, ledger, logger, ...start } = await load({ progress: STREAM, topic }, KNOWN, { topics });
  expect(position).toMatchObject({
    progress: { phase: 'snapshot' },
    topic: topicPositionOf(topics.stateOf(TOPIC)),
    snapshotReason: { code: 'PIPE_TOPIC_REPLACED' },
  });
  expect(start.topic).toEqual(topics.stateOf(TOPIC));
  expect(await ledger.read()).toMatchObject({ position: encodePosition(position) });
  expect(logger.entries).toEqual([expect.objectContaining({ level: 'warn' })]);
});

it('is that of a new snapshot when the cluster is another one', async () => {
  const topics = createTopics();
  const topic = topicPositionOf(topics.stateOf(TOPIC));
  topics.clusterId = 'another cluster';
  const { position } = await load({ progress: SNAPSHOT, topic }, KNOWN, { topics });
  expect(position).toMatchObject({ progress: { afterEmpId: null }, snapshotReason: { code: 'PIPE_TOPIC_REPLACED' } });
});

it('is the saved position when only the known state of the topic is out of date', async () => {
  const topics = createTopics();
  const known = topics.stateOf(TOPIC);
  topics.deleteTopic(TOPIC);
  topics.createTopic(TOPIC, 2);
  const topic = topicPositionOf(topics.stateOf(TOPIC));
  expect((await load({ progress: STREAM, topic }, KNOWN, { topics, known })).position.progress).toEqual(STREAM);
});

it('is that of a new snapshot when the source has begun a later one than the saved position knows of', async () => {
  const { position } = await load({ progress: STREAM }, { ...KNOWN, epoch: 6n });
  expect(position).toMatchObject({
    progress: { phase: 'snapshot' },
    snapshotReason: { code: 'PIPE_POSITION_OUTDATED', message: expect.stringContaining('epoch 6') },
  });
});

it('keeps why a snapshot was requested', async () => {
  const reason = { code: 'PIPE_RECORDS_MISSING', message: 'expected records, found none' } as const;
  const { lease, ledger } = await createLease({ progress: STREAM });
  await ledger.requestResnapshot('token', reason);
  const topics = createTopics();
  const dependencies = {
    ...{ source: new InMemoryChangeSource(10), lease, logger: new RecordingLogger(), topic: TOPIC },
    describeTopic: () => topics.describe(TOPIC),
  };
  await lease.savePosition((await ledger.read())?.position ?? '');
  const { position } = await loadStartPosition(dependencies, {
    ...{ identity: KNOWN, topic: topics.stateOf(TOPIC), captureGap: null },
  });
  expect(position.snapshotReason).toEqual(reason);
  expect(await ledger.read()).toMatchObject({ resnapshotToken: null, resnapshotReason: null });
});
