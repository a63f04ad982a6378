/** What is wrong with the capture of changes in the source. */
export interface CaptureFault {
  /** What was expected, what was found, and what to do. */
  readonly message: string;
  /** Whether changes are missing while it lasts. A snapshot would then be out of date at once, so none begins. */
  readonly losesChanges: boolean;
}

/**
 * Identifies what captures the changes, by short texts. One that differs from an earlier one means that changes may be
 * missing in between, even if the definition is the same again.
 */
export interface CaptureMarks {
  /** The table that has the name employees. */
  readonly table: string;
  /** Its columns, by their positions. */
  readonly columns: string;
  /** The definitions of these columns. Alone it says nothing: a wider type, for example, leaves the rows as they are. */
  readonly types: string;
  /** The file of the table. Alone it says nothing: a truncate, for example, is captured. */
  readonly file: string;
  readonly triggers: string;
  readonly functions: string;
  /** The table emp_cdc, its columns, the triggers that note deletions, and its sequence. */
  readonly changes: string;
}

export interface CaptureState {
  readonly faults: readonly CaptureFault[];
  readonly marks: CaptureMarks;
  /** Why the source itself has noted that changes are missing; `null` when it has not. */
  readonly gapReason: string | null;
}

/** The capture when the snapshot of an epoch began. */
export interface CaptureBaseline {
  readonly marks: CaptureMarks;
  /** The `pg_snapshot` at which the epoch began. What is noted as missing in it is part of the snapshot. */
  readonly since: string;
}

/** Why changes may be missing since the baseline; `null` when none are. */
export function captureGap({ marks: before }: CaptureBaseline, { marks, gapReason }: CaptureState): string | null {
  const differs = (mark: keyof CaptureMarks) => marks[mark] !== before[mark];
  const reasons = [
    differs('table') && 'employees is another table than before',
    differs('columns') && 'columns of employees were dropped or added',
    differs('types') && differs('file') && 'the rows of employees were rewritten for another type of a column',
    differs('triggers') && 'the capture triggers of employees were altered, disabled or created again',
    differs('functions') && 'the capture functions were replaced',
    differs('changes') && 'emp_cdc, its columns, its triggers or its sequence were altered or created again',
    gapReason,
  ].filter((reason) => typeof reason === 'string');
  return reasons.length === 0 ? null : `changes of employees may be missing: ${reasons.join('; ')}`;
}

/** Reads a baseline from a saved position; `undefined` for anything else. */
export function readCaptureBaseline(value: unknown): CaptureBaseline | undefined {
  const { marks, since } = (typeof value === 'object' && value !== null ? value : {}) as Partial<CaptureBaseline>;
  return typeof marks === 'object' && marks !== null && typeof since === 'string' ? { marks, since } : undefined;
}
