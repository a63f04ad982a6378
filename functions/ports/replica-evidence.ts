import type { Version } from '../core/change-version.ts';
import type { ReplicaRow } from '../core/replica-verdict.ts';

export interface ReplicaRows {
  /** In any order, one for each key that was asked for. */
  readonly rows: readonly ReplicaRow[];
  readonly watermark: Version;
  /** Whether rows at or below the watermark may be left to be deleted. */
  readonly isSweeping: boolean;
}

/**
 * What the target says about employees.
 *
 * Consistency: one call reads rows, versions and watermark at one moment.
 *
 * @throws when the target is unreachable.
 */
export interface ReplicaEvidence {
  read(empIds: readonly number[]): Promise<ReplicaRows>;
}
