import type { ReceivedChange } from './change-record.ts';
import { compareVersions, type Version } from './change-version.ts';
import { type EmployeeChange, isEmployeeChange, type SnapshotEnd, type Truncate } from './employee-change.ts';

/** The changes of one employee, newest first. Each one applies only if the database refuses the ones before it. */
export type Candidates = readonly ReceivedChange<EmployeeChange>[];

/** What to apply of a batch of changes. The order of the records does not matter. */
export interface BatchPlan {
  /** The greatest TRUNCATE of the batch, if it is above the watermark. It is the new watermark. */
  readonly truncate: ReceivedChange<Truncate> | undefined;
  /** The changes above the watermark, ascending by `empId`, so that concurrent batches lock employees in the same order. */
  readonly candidates: readonly Candidates[];
  readonly snapshotEnds: readonly ReceivedChange<SnapshotEnd>[];
}

/**
 * Plans a batch. Changes at or below the watermark are left out, because the replica has deleted those versions.
 *
 * The newest version of each employee wins, and not the last one in the batch, because a record may be delivered again
 * after newer ones.
 *
 * @param repeatsTruncate also plans the TRUNCATE that is the watermark, because the target kept employees then.
 */
export function planBatch(changes: readonly ReceivedChange[], watermark: Version, repeatsTruncate = false): BatchPlan {
  const truncate = greatestTruncate(changes, watermark, repeatsTruncate);
  const newWatermark = truncate?.change ?? watermark;
  const byEmployee = new Map<number, ReceivedChange<EmployeeChange>[]>();
  const snapshotEnds: ReceivedChange<SnapshotEnd>[] = [];
  for (const { change, record } of changes) {
    if (compareVersions(change, newWatermark) <= 0) continue;
    if (change.action === 'SNAPSHOT_END') snapshotEnds.push({ change, record });
    else if (isEmployeeChange(change)) addCandidate(byEmployee, { change, record });
  }
  return {
    truncate,
    candidates: [...byEmployee.entries()].sort(([a], [b]) => a - b).map(([, candidates]) => candidates),
    snapshotEnds,
  };
}

function greatestTruncate(
  changes: readonly ReceivedChange[],
  watermark: Version,
  includesWatermark: boolean,
): ReceivedChange<Truncate> | undefined {
  let greatest: ReceivedChange<Truncate> | undefined;
  for (const { change, record } of changes) {
    if (change.action !== 'TRUNCATE') continue;
    const order = compareVersions(change, greatest?.change ?? watermark);
    if (order > 0 || (order === 0 && includesWatermark && greatest === undefined)) greatest = { change, record };
  }
  return greatest;
}

/** Inserts before the first older change. Nearly always that is the first one, because records come in order. */
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
