/** Why a snapshot began by itself. */
export interface SnapshotReason {
  /** Stable. */
  readonly code: `PIPE_${string}`;
  /** What was expected and what was found. */
  readonly message: string;
}

/** Reads JSON that may be a reason; `undefined` for any other text. */
export function readSnapshotReason(json: string): SnapshotReason | undefined {
  try {
    return snapshotReasonOf(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** Reads what may be a reason; `undefined` for anything else, because a snapshot needs none. */
export function snapshotReasonOf(value: unknown): SnapshotReason | undefined {
  const { code, message } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return typeof code === 'string' && code.startsWith('PIPE_') && typeof message === 'string'
    ? { code: code as SnapshotReason['code'], message }
    : undefined;
}
