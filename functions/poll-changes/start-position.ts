import type { CaptureBaseline } from '../core/capture-state.ts';
import { assertSameSource, decodePosition, encodePosition, type Position } from '../core/change-position.ts';
import { PipelineError } from '../core/errors.ts';
import type { SnapshotReason } from '../core/snapshot-reason.ts';
import { lossInTopic, type TopicPosition, topicPositionOf } from '../core/topic-position.ts';
import type { TopicState } from '../core/topic-state.ts';
import type { ChangeSource, SourceIdentity } from '../ports/change-source.ts';
import type { Logger } from '../ports/logger.ts';
import type { Lease } from './lease.ts';

export interface StartDependencies {
  readonly source: ChangeSource;
  readonly lease: Lease;
  readonly logger: Logger;
  readonly topic: string;
  readonly describeTopic: () => Promise<TopicState>;
}

/** What is known before the ledger is read. */
export interface KnownSurroundings {
  /** The source as it was just before the lease was acquired; `null` when that is unknown. */
  readonly identity: SourceIdentity | null;
  readonly topic: TopicState;
  /** Why captured changes are missing, or cannot be ordered; `null` when that is not the case. */
  readonly captureGap: SnapshotReason | null;
}

export interface StartPosition {
  readonly position: Position & { readonly topic: TopicPosition; readonly capture: CaptureBaseline };
  /** When the source's server was started; see `SourceIdentity`. */
  readonly serverStartedAt: string;
  /** The topic to publish to. */
  readonly topic: TopicState;
}

/**
 * The position at which polling starts: the saved one, or that of a new snapshot. A snapshot begins when no position is
 * saved, when one is requested, and by itself when captured changes are missing, or when records may be lost that the saved
 * position counts as published.
 *
 * @throws PipelineError when the saved position is unreadable or does not fit the source, and no snapshot is requested;
 * `PIPE_CAPTURE_BROKEN` when a snapshot has to begin, and changes would be missing after it.
 */
export async function loadStartPosition(
  dependencies: StartDependencies,
  known: KnownSurroundings,
): Promise<StartPosition> {
  const { source, lease } = dependencies;
  const saved = await readSavedPosition(lease);
  const identity = await identifySource(source, saved, known.identity);
  const { serverStartedAt } = identity;
  const { captureGap } = known;
  if (saved !== null && captureGap !== null) assertSameSource(saved, identity);
  if (saved === null || captureGap !== null || lease.isResnapshotRequested) {
    const request = { reason: captureGap ?? lease.resnapshotReason, hasRestartedIds: captureGap !== null };
    return { ...(await beginSnapshot(dependencies, saved, request)), serverStartedAt };
  }
  assertSameSource(saved, identity);
  const reason = outdated(saved, identity) ?? (await lossSince(dependencies, saved, known.topic));
  if (reason !== null) {
    return { ...(await beginSnapshot(dependencies, saved, { reason, hasRestartedIds: false })), serverStartedAt };
  }
  return { position: await withSurroundings(dependencies, saved, known.topic), topic: known.topic, serverStartedAt };
}

/** An unreadable position is an error, unless a new snapshot makes it irrelevant. */
async function readSavedPosition(lease: Lease): Promise<Position | null> {
  const { position } = await lease.readEntry();
  if (position === null) return null;
  try {
    return decodePosition(position);
  } catch (error) {
    if (lease.isResnapshotRequested) return null;
    throw error;
  }
}

/**
 * In the streaming phase the known identity is good enough, because the first read already returns the save number and
 * the server's start. Any other phase must query the source.
 */
async function identifySource(
  source: ChangeSource,
  saved: Position | null,
  known: SourceIdentity | null,
): Promise<SourceIdentity> {
  const isStreaming = saved?.progress.phase === 'stream' && saved.progress.page === null;
  return known !== null && isStreaming ? { ...known, saveNumber: saved.saveNumber } : source.identify();
}

/** With the epoch of an earlier snapshot, the target would ignore every change as older than what it has. */
function outdated(saved: Position, identity: SourceIdentity): SnapshotReason | null {
  if (identity.epoch <= saved.epoch) return null;
  return {
    code: 'PIPE_POSITION_OUTDATED',
    message:
      `the source has begun the snapshot of epoch ${identity.epoch}, but the saved position belongs to epoch ` +
      `${saved.epoch}: the offset table was restored from an older copy, or a poller ended while it began the snapshot`,
  };
}

/**
 * Compares only the ids here, with a second look where they differ, because the known state may be older than the saved
 * position. Offsets are compared during the session, so that the first read does not wait for it.
 */
async function lossSince(
  { topic, describeTopic }: StartDependencies,
  { topic: saved }: Position,
  known: TopicState,
): Promise<SnapshotReason | null> {
  if (saved === undefined || (saved.topicId === known.topicId && saved.clusterId === known.clusterId)) return null;
  return lossInTopic(topic, saved, await describeTopic());
}

/** A position of an earlier version gets the topic and the capture that are there, at once: from now on a change is noticed. */
async function withSurroundings(
  { source, lease }: StartDependencies,
  saved: Position,
  known: TopicState,
): Promise<StartPosition['position']> {
  const { topic, capture } = saved;
  if (topic !== undefined && capture !== undefined) return { ...saved, topic, capture };
  const position = {
    ...saved,
    topic: topic ?? topicPositionOf(known),
    capture: capture ?? { marks: (await source.inspectCapture(null)).marks, since: saved.progress.since },
  };
  await lease.savePosition(encodePosition(position));
  return position;
}

/** @throws PipelineError when changes after the snapshot would be missing. */
async function inspectSoundCapture(source: ChangeSource): Promise<CaptureBaseline['marks']> {
  const { faults, marks } = await source.inspectCapture(null);
  const lossy = faults.filter(({ losesChanges }) => losesChanges);
  if (lossy.length === 0) return marks;
  throw new PipelineError(
    'PIPE_CAPTURE_BROKEN',
    `a snapshot waits until the changes after it are captured: ${lossy.map(({ message }) => message).join('. ')}`,
    { retry: 'timed' },
  );
}

async function beginSnapshot(
  { source, lease, logger, describeTopic }: StartDependencies,
  previous: Position | null,
  { reason, hasRestartedIds }: { readonly reason: SnapshotReason | null; readonly hasRestartedIds: boolean },
): Promise<Pick<StartPosition, 'position' | 'topic'>> {
  // Before the snapshot begins, so that whatever is lost later belongs to the new position.
  const [topic, marks] = await Promise.all([describeTopic(), inspectSoundCapture(source)]);
  // Before the snapshot begins, because a request that is made later asks for a later snapshot.
  const token = lease.resnapshotToken;
  const { systemIdentifier, epoch, snapshot, saveNumber } = await source.beginSnapshot(previous?.epoch ?? 0n);
  const position = {
    systemIdentifier,
    saveNumber,
    epoch,
    progress: {
      ...({ phase: 'snapshot', since: snapshot, afterEmpId: null } as const),
      ...(hasRestartedIds && ({ hasRestartedIds } as const)),
    },
    topic: topicPositionOf(topic),
    capture: { marks, since: snapshot },
    ...(reason && { snapshotReason: reason }),
  };
  await lease.savePosition(encodePosition(position), token);
  const context = { epoch: String(position.epoch), ...(reason && { code: reason.code }) };
  if (reason) logger.warn(`snapshot started, because ${reason.message}`, context);
  else logger.info('snapshot started', context);
  return { position, topic };
}
