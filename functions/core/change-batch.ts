import type { ReceivedChange } from './change-record.ts';
import { compareVersions, type Version } from './change-version.ts';
import type { EmployeeChange, SnapshotEnd, Truncate } from './employee-change.ts';

/** What a batch of changes comes down to, whatever the order in which they arrived. */
export interface BatchPlan {
  /** The greatest truncate of the batch, when it is above the watermark that there is. */
  readonly truncate: Version | undefined;
  /**
   * The changes that may apply, by employee, ascending by key so that concurrent batches lock in the same order. Of each
   * employee the newest comes first; the next one counts only when the database refuses that one.
   */
  readonly candidates: readonly (readonly ReceivedChange<EmployeeChange>[])[];
  readonly snapshotEnds: readonly ReceivedChange<SnapshotEnd>[];
  /** How many changes are at or below the watermark, that of the batch included. */
  readonly staleCount: number;
}

/**
 * Decides what a batch comes down to, given the watermark at or below which every version is gone.
 *
 * The newest version of each employee wins, not the last in the batch: a record that comes again may come late.
 */
export function planBatch(changes: readonly ReceivedChange[], watermark: Version): BatchPlan {
  let level = watermark;
  for (const { change } of changes) {
    if (change.action === 'TRUNCATE' && compareVersions(change, level) > 0) level = change;
  }
  const byEmployee = new Map<number, ReceivedChange<EmployeeChange>[]>();
  const snapshotEnds: ReceivedChange<SnapshotEnd>[] = [];
  let staleCount = 0;
  for (const received of changes) {
    if (isTruncate(received)) continue;
    if (compareVersions(received.change, level) <= 0) staleCount += 1;
    else if (isSnapshotEnd(received)) snapshotEnds.push(received);
    else addCandidate(byEmployee, received as ReceivedChange<EmployeeChange>);
  }
  return {
    truncate: level === watermark ? undefined : { epoch: level.epoch, changeId: level.changeId },
    candidates: [...byEmployee.entries()].sort(([a], [b]) => a - b).map(([, candidates]) => candidates),
    snapshotEnds,
    staleCount,
  };
}

/** Keeps the newest first; nearly always the one that comes is newer than those before it. */
function addCandidate(
  byEmployee: Map<number, ReceivedChange<EmployeeChange>[]>,
  received: ReceivedChange<EmployeeChange>,
): void {
  const candidates = byEmployee.get(received.change.employee.empId);
  if (candidates === undefined) {
    byEmployee.set(received.change.employee.empId, [received]);
    return;
  }
  const older = candidates.findIndex(({ change }) => compareVersions(change, received.change) < 0);
  candidates.splice(older === -1 ? candidates.length : older, 0, received);
}

function isTruncate(received: ReceivedChange): received is ReceivedChange<Truncate> {
  return received.change.action === 'TRUNCATE';
}

function isSnapshotEnd(received: ReceivedChange): received is ReceivedChange<SnapshotEnd> {
  return received.change.action === 'SNAPSHOT_END';
}
