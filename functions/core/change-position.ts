import { PipelineError } from './errors.ts';

/** A range of changes too large for one read, drained page by page. */
export interface DifferencePage {
  /** The snapshot up to which the range reaches; the one that becomes `since` when it is drained. */
  readonly until: string;
  /** The last `cdc_id` published, as text. */
  readonly afterChangeId: string;
  /** The greatest `cdc_id` of the range, as text. */
  readonly lastChangeId: string;
}

/** How far the source is read: never an integer, but what was visible. Snapshots are the text of a `pg_snapshot`. */
export type Progress =
  | {
      readonly phase: 'snapshot';
      /** What was visible when the snapshot began; the stream begins here. */
      readonly since: string;
      /** The last `emp_id` published, `null` before the first. */
      readonly afterEmpId: number | null;
    }
  | {
      readonly phase: 'stream';
      /** Every change visible in it is published. */
      readonly since: string;
      readonly page: DifferencePage | null;
    };

/** What the poller saves, so that its successor goes on where it stopped. */
export interface Position {
  /** Which server the rest is about; snapshots of another one mean nothing here. */
  readonly systemIdentifier: string;
  /** The number that the source holds since this save; a lower one there means that the source was restored. */
  readonly saveNumber: bigint;
  readonly epoch: bigint;
  readonly progress: Progress;
}

/** A position as the text that is saved. */
export function encodePosition(position: Position): string {
  return JSON.stringify({ ...position, saveNumber: String(position.saveNumber), epoch: String(position.epoch) });
}

/**
 * Reads a saved position. One that cannot be read is never taken for none: a new snapshot is somebody's decision.
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
      return {
        systemIdentifier: fields.systemIdentifier,
        saveNumber: BigInt(fields.saveNumber as string),
        epoch: BigInt(fields.epoch as string),
        progress,
      };
    }
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable();
}

function isStream(progress: Progress): boolean {
  if (progress.phase !== 'stream') return false;
  const { page } = progress;
  return (
    page === null ||
    [page?.until, page?.afterChangeId, page?.lastChangeId].every((field: unknown) => typeof field === 'string')
  );
}

function isSnapshot(progress: Progress): boolean {
  return progress.phase === 'snapshot' && (progress.afterEmpId === null || Number.isInteger(progress.afterEmpId));
}

function unreadable(cause?: unknown): PipelineError {
  return new PipelineError(
    'PIPE_POSITION_UNREADABLE',
    'the saved position of the change poller is not one that this version has written; ' +
      'begin anew with `npm run resnapshot`',
    { retry: 'manual', cause },
  );
}

/**
 * Judges whether a position means anything on the source as it is now.
 *
 * @throws PipelineError `PIPE_SOURCE_REPLACED` when it is another server, `PIPE_SOURCE_RESTORED` when it was turned back.
 */
export function assertSameSource(
  position: Position,
  source: { readonly systemIdentifier: string; readonly saveNumber: bigint },
): void {
  if (source.systemIdentifier !== position.systemIdentifier) {
    throw refusal(
      'PIPE_SOURCE_REPLACED',
      `the source database is server ${source.systemIdentifier}, but the saved position is of server ` +
        `${position.systemIdentifier}; connect the one that it is of, or begin anew with \`npm run resnapshot\``,
    );
  }
  if (source.saveNumber < position.saveNumber) {
    throw refusal(
      'PIPE_SOURCE_RESTORED',
      `the source database has seen ${source.saveNumber} saves of the position, but ${position.saveNumber} were made: ` +
        'it was restored from a backup, and its transaction ids begin again; begin anew with `npm run resnapshot`',
    );
  }
}

function refusal(code: `PIPE_${string}`, message: string): PipelineError {
  return new PipelineError(code, message, { retry: 'manual' });
}
