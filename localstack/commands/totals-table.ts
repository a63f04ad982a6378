import { formatCount } from './terminal/figures.ts';
import { formatTable, type TableOptions } from './terminal/table.ts';

export interface DepartmentTotal {
  readonly department: string;
  readonly total: bigint;
  readonly employees: bigint;
}

/** Empty without departments. */
export function totalsTable(totals: readonly DepartmentTotal[], options: TableOptions): string {
  if (totals.length === 0) return '';
  return formatTable(
    [
      { title: 'DEPARTMENT', shrinks: true },
      { title: 'TOTAL', align: 'right' },
      { title: 'EMPLOYEES', align: 'right' },
    ],
    totals.map(({ department, total, employees }) => [department, formatCount(total), formatCount(employees)]),
    options,
  );
}
