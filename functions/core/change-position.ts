import { type CaptureBaseline, readCaptureBaseline } from './capture-state.ts';
import { PipelineError } from './errors.ts';
import { type SnapshotReason, snapshotReasonOf } from './snapshot-reason.ts';
import { readTopicPosition, type TopicPosition } from './topic-position.ts';

/** A difference that is too large for one read, and is published page by page. Ids are text: they are 64-bit numbers. */
export interface DifferencePage {
  /** The snapshot at which the difference ends. It becomes `since` after the last page. */
  readonly until: string;
  /** The last `cdc_id` published. */
  readonly afterChangeId: string;
  /** The greatest `cdc_id` of the difference. */
  readonly lastChangeId: string;
}

export interface SnapshotProgress {
  readonly phase: 'snapshot';
  /** What was visible when the snapshot began. The stream starts here after the last chunk. */
  readonly since: string;
  /** The last `emp_id` published; `null` before the first one. */
  readonly afterEmpId: number | null;
  /** Present when the ids of the changes visible in `since` are not comparable with those of later changes. */
  readonly hasRestartedIds?: true;
}

export interface StreamProgress {
  readonly phase: 'stream';
  /** All changes visible in this snapshot are published. */
  readonly since: string;
  /** `null` when the next difference begins. */
  readonly page: DifferencePage | null;
  /** The greatest `cdc_id` of the differences up to `since`, as text; absent before the first one with changes. */
  readonly greatestChangeId?: string;
}

/**
 * How far the source is published. `since` is the text of a `pg_snapshot`: transactions do not commit in the order of any
 * number, so a single number cannot represent the set of transactions that were visible.
 */
export type Progress = SnapshotProgress | StreamProgress;

/** What a poller saves, so that its successor can resume. */
export interface Position {
  /** The server to which the rest belongs. Snapshots of another server mean nothing here. */
  readonly systemIdentifier: string;
  /** The source's save number since this save. A lower one there means that the source was restored from a backup. */
  readonly saveNumber: bigint;
  readonly epoch: bigint;
  readonly progress: Progress;
  /** Absent in a position that an earlier version has saved. */
  readonly topic?: TopicPosition;
  /** The capture when the snapshot of the epoch began. Absent in a position that an earlier version has saved. */
  readonly capture?: CaptureBaseline;
  /** Why the snapshot of the epoch began; absent when it is the first one, or an operator has requested it. */
  readonly snapshotReason?: SnapshotReason;
}

export function encodePosition(position: Position): string {
  return JSON.stringify({ ...position, saveNumber: String(position.saveNumber), epoch: String(position.epoch) });
}

/**
 * An unreadable position is an error and not a missing one, because only an operator decides on a new snapshot.
 *
 * @throws PipelineError `PIPE_POSITION_UNREADABLE`.
 */
export function decodePosition(text: string): Position {
  try {
    const fields = JSON.parse(text) as Record<keyof Position, unknown>;
    const progress = fields.progress as Progress;
    if (
      typeof fields.systemIdentifier === 'string' &&
      typeof progress?.since === 'string' &&
      (isStream(progress) || isSnapshot(progress))
    ) {
      const topic = readTopicPosition(fields.topic);
      const capture = readCaptureBaseline(fields.capture);
      const snapshotReason = snapshotReasonOf(fields.snapshotReason);
      return {
        systemIdentifier: fields.systemIdentifier,
        saveNumber: BigInt(fields.saveNumber as string),
        epoch: BigInt(fields.epoch as string),
        progress,
        ...(topic && { topic }),
        ...(capture && { capture }),
        ...(snapshotReason && { snapshotReason }),
      };
    }
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable();
}

function isStream(progress: Progress): boolean {
  if (progress.phase !== 'stream') return false;
  const { page, greatestChangeId = '' } = progress;
  const texts: unknown[] = page === null ? [] : [page?.until, page?.afterChangeId, page?.lastChangeId];
  return [greatestChangeId, ...texts].every((field) => typeof field === 'string');
}

function isSnapshot(progress: Progress): boolean {
  return progress.phase === 'snapshot' && (progress.afterEmpId === null || Number.isInteger(progress.afterEmpId));
}

const REMEDY = 'run `npm run resnapshot` to start again with a new snapshot';

function unreadable(cause?: unknown): PipelineError {
  return new PipelineError(
    'PIPE_POSITION_UNREADABLE',
    `the saved position of the change poller is not in the format of this version; ${REMEDY}`,
    { retry: 'manual', cause },
  );
}

/**
 * Checks that a position is valid on the source as it is now.
 *
 * @throws PipelineError `PIPE_SOURCE_REPLACED` for another server, `PIPE_SOURCE_RESTORED` for a restored backup.
 */
export function assertSameSource(
  position: Position,
  source: { readonly systemIdentifier: string; readonly saveNumber: bigint },
): void {
  if (source.systemIdentifier !== position.systemIdentifier) {
    throw invalidPosition(
      'PIPE_SOURCE_REPLACED',
      `the saved position belongs to database server ${position.systemIdentifier}, but the source is server ` +
        `${source.systemIdentifier}; connect the former server, or ${REMEDY}`,
    );
  }
  if (source.saveNumber < position.saveNumber) {
    throw invalidPosition(
      'PIPE_SOURCE_RESTORED',
      `the position was saved ${position.saveNumber} times, but the source has recorded only ${source.saveNumber} saves: ` +
        `it was restored from an older backup, and the saved position is invalid there; ${REMEDY}`,
    );
  }
}

function invalidPosition(code: `PIPE_${string}`, message: string): PipelineError {
  return new PipelineError(code, message, { retry: 'manual' });
}
