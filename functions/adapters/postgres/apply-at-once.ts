import type { EmployeeChange } from '../../core/employee-change.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { PipelineTick } from '../../core/pipeline-tick.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { offsetParameters } from './postgres-applied-offsets.ts';
import { recordTicks, tickParameters } from './record-ticks.ts';

const APPLY = 'apply_employee_changes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as applied';

/**
 * Applies a usual batch with one statement, which is a transaction of its own. A process that freezes holds no locks,
 * because the server needs nothing more from it.
 *
 * @returns how many changes were newer; `undefined` when the function of the target asks for a transaction in steps.
 */
export async function applyAtOnce(
  database: Database,
  changes: readonly EmployeeChange[],
  offsets: readonly PartitionOffsets[],
  ticks: readonly PipelineTick[],
): Promise<number | undefined> {
  const { rows } = await database.query<{ applied: number | null }>(
    `select ${APPLY}${recordTicks(14, ticks)}`,
    [
      ...offsetParameters(offsets),
      plainArray(changes.map(({ employee }) => employee.empId)),
      plainArray(changes.map(({ epoch }) => epoch)),
      plainArray(changes.map(({ changeId }) => changeId)),
      plainArray(changes.map(({ action }) => action === 'DELETE')),
      textArray(changes.map(({ employee }) => employee.firstName)),
      textArray(changes.map(({ employee }) => employee.lastName)),
      plainArray(changes.map(({ employee }) => employee.dob)),
      textArray(changes.map(({ employee }) => employee.city)),
      plainArray(changes.map(({ employee }) => employee.salary)),
      ...tickParameters(ticks),
    ],
    ticks.length === 0 ? 'apply-employee-changes' : 'apply-employee-changes-and-ticks',
  );
  return rows[0]?.applied ?? undefined;
}
