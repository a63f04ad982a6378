import { assertSameSource, decodePosition, encodePosition, type Position } from '../core/change-position.ts';
import type { ChangeSource, SourceIdentity } from '../ports/change-source.ts';
import type { Logger } from '../ports/logger.ts';
import type { Lease } from './lease.ts';

export interface StartPosition {
  readonly position: Position;
  /** When the source's server was started; see `SourceIdentity`. */
  readonly serverStartedAt: string;
}

export interface StartConditions {
  /** The source as it was just before the lease was acquired; `null` when that is unknown. */
  readonly knownIdentity: SourceIdentity | null;
  /** Whether changes are missing, so that the saved position is of no use. */
  readonly isSnapshotNeeded: boolean;
}

/**
 * The position at which polling starts: the saved one, or that of a new snapshot when none is saved, when changes are
 * missing, or when an operator has requested one.
 *
 * @throws PipelineError when the saved position is unreadable or does not fit the source, and no snapshot is requested.
 */
export async function loadStartPosition(
  source: ChangeSource,
  lease: Lease,
  logger: Logger,
  { knownIdentity, isSnapshotNeeded }: StartConditions,
): Promise<StartPosition> {
  const saved = await readSavedPosition(lease);
  const identity = await identifySource(source, saved, knownIdentity);
  if (saved !== null && isSnapshotNeeded) assertSameSource(saved, identity);
  if (saved === null || isSnapshotNeeded || lease.isResnapshotRequested) {
    const position = await beginSnapshot(source, lease, saved, isSnapshotNeeded);
    logger.info('snapshot started', { epoch: String(position.epoch) });
    return { position, serverStartedAt: identity.serverStartedAt };
  }
  assertSameSource(saved, identity);
  return { position: saved, serverStartedAt: identity.serverStartedAt };
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

async function beginSnapshot(
  source: ChangeSource,
  lease: Lease,
  previous: Position | null,
  replacesMissingChanges: boolean,
): Promise<Position> {
  const { systemIdentifier, epoch, snapshot, saveNumber } = await source.beginSnapshot(previous?.epoch ?? 0n);
  const position: Position = {
    systemIdentifier,
    saveNumber,
    epoch,
    progress: {
      ...{ phase: 'snapshot', since: snapshot, afterEmpId: null },
      ...(replacesMissingChanges && { hasRestartedIds: true }),
    },
  };
  await lease.savePosition(encodePosition(position), lease.isResnapshotRequested);
  return position;
}
