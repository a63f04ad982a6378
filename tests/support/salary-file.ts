/** The header of the source system's salary files. */
export const HEADER =
  'Department,Department-Division,PCN,Position Title,FLSA Status,Initial Hire Date,Date in Title,Salary';

interface RowValues {
  readonly department?: string;
  readonly title?: string;
  readonly hireDate?: string;
  readonly salary?: string | number;
}

/** One row under `HEADER` that is kept, unless its values say otherwise. */
export function row({
  department = 'ECC',
  title = 'Officer',
  hireDate = '01-Feb-2015',
  salary = '100.9',
}: RowValues = {}): string {
  return `${department},${department} 001,B.1,${title},Exempt,${hireDate},01-Mar-2018,${salary}`;
}

/** A file of these rows. */
export function fileOf(...rows: readonly string[]): string {
  return `${[HEADER, ...rows].join('\n')}\n`;
}

/**
 * A file of rows in ECC with salaries 1, 2, 3 and so on, in which each tenth salary is unreadable. Each row has more
 * than 200 bytes, so that 5,000 rows take several blocks.
 */
export function longFileOf(rowCount: number): string {
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const salary = (index + 1) % 10 === 0 ? 'x' : String(index + 1);
    return `ECC,"ECC 001, ${index}",${'B'.repeat(200)},Officer,E,01-Feb-2015,x,${salary}`;
  });
  return fileOf(...rows);
}
