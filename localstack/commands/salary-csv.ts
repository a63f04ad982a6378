import { SeededRandom } from './random.ts';

export const SALARY_CSV_HEADER =
  'Department,Department-Division,PCN,Position Title,FLSA Status,Initial Hire Date,Date in Title,Salary';

export interface SalaryCsvOptions {
  readonly rows: number;
  /** The same seed generates the same bytes. */
  readonly seed: number;
  /** Generate only rows that pass the pipeline's filter: departments ECC, CIT and EMS, hired since 2010. */
  readonly onlyKept?: boolean;
}

const ROWS_PER_CHUNK = 500;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FIRST_YEAR = 1978;
const LAST_YEAR = 2024;
const FIRST_KEPT_YEAR = 2010;

/** The share is in thousandths of all employees. */
const DEPARTMENTS: readonly (readonly [code: string, share: number, divisions: readonly string[]])[] = [
  ['PAR', 165, ['Parks Maintenance', 'Out-Of-School Time', 'Aquatics', 'Community Recreation']],
  ['POL', 150, ['Operations Division', 'Investigative Division', 'Records, Evidence and Property']],
  ['HSD', 135, ['Behavioral Health', 'Foster Care', 'Child Protective Services', 'Youth "Bridge" Programs']],
  ['PWD', 120, ['Waste Collection', 'Beach Operations', 'Landscape Management']],
  ['SHF', 80, ['Correctional Operations', 'Court Operations']],
  ['FIR', 75, ['Fire Operations', 'Fire Prevention']],
  ['LIB', 60, ['Area Libraries', 'Library Technology']],
  ['UTL', 55, ['Sewer Operations', 'Water Distribution', 'Billing']],
  ['HLT', 50, ['Environmental Health', 'Community Health']],
  ['CIT', 45, ['Applications Support', 'Network, Data and Voice', 'Information Security']],
  ['FIN', 30, ['Accounts Payable', 'Payroll']],
  ['EMS', 20, ['EMS Operations', 'Training and Community Outreach']],
  ['ECC', 15, ['911 Operations', '311 Operations']],
];
const TITLES: readonly (readonly [title: string, status: string, minSalary: number, maxSalary: number])[] = [
  ['Administrative Assistant', 'Non Exempt', 34_000, 52_000],
  ['Account Clerk III', 'Non Exempt', 32_000, 46_000],
  ['Operations Supervisor', 'Exempt', 55_000, 91_000],
  ['Project Manager, Senior', 'Exempt', 68_000, 119_000],
  ['Systems Analyst II', 'Exempt', 61_000, 104_000],
  ['Public Safety Telecommunicator', 'Non Exempt', 41_000, 63_000],
  ['Paramedic', 'Non Exempt', 45_000, 72_000],
  ['Maintenance Worker I', 'Non Exempt', 28_000, 41_000],
  ['Director', 'Exempt', 118_000, 189_000],
];
/** Part-time employees are paid by the hour, and their salary column has the hourly wage. */
const PART_TIME_TITLES = ['Activity Center Assistant Leader', 'Customer Service Assistant', 'Lifeguard', 'Page'];
const KEPT = DEPARTMENTS.filter(([code]) => ['CIT', 'EMS', 'ECC'].includes(code));

/**
 * A CSV file like those of the source system, in chunks. A tenth of the rows are part-time employees, recent hire dates
 * are the most frequent, and fields with commas or quotes are quoted.
 */
export function* salaryCsv({ rows, seed, onlyKept = false }: SalaryCsvOptions): Generator<string> {
  const random = new SeededRandom(seed);
  const departments = (onlyKept ? KEPT : DEPARTMENTS).flatMap((department) => Array(department[1]).fill(department));
  let chunk = `${SALARY_CSV_HEADER}\n`;
  for (let row = 1; row <= rows; row += 1) {
    chunk += `${salaryRow(random, departments, onlyKept ? FIRST_KEPT_YEAR : FIRST_YEAR)}\n`;
    if (row % ROWS_PER_CHUNK === 0) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

function salaryRow(
  random: SeededRandom,
  departments: readonly (typeof DEPARTMENTS)[number][],
  firstYear: number,
): string {
  const [department, , divisions] = random.pick(departments);
  const division = `${department} ${String(1 + random.below(99)).padStart(3, '0')} ${random.pick(divisions)}`;
  const position = `B.${String(random.below(1_000_000)).padStart(6, '0')}`;
  // The square makes recent hire dates more frequent.
  const tenure = Math.floor((random.below(1_000) / 1_000) ** 2 * (LAST_YEAR - firstYear + 1));
  const hired = day(random, LAST_YEAR - tenure);
  if (random.below(10) === 0) {
    const wage = `${9 + random.below(8)}.${random.below(10)}${random.below(10)}`;
    return `${department},${quote(division)},N.${position.slice(2)},${random.pick(PART_TIME_TITLES)},,${hired},,${wage}`;
  }
  const [title, status, minSalary, maxSalary] = random.pick(TITLES);
  const salary = `${minSalary + random.below(maxSalary - minSalary)}.${random.below(10)}${random.below(10)}`;
  const inTitle = day(random, LAST_YEAR - random.below(tenure + 1));
  return `${department},${quote(division)},${position},${quote(title)},${status},${hired},${inTitle},${salary}`;
}

function day(random: SeededRandom, year: number): string {
  return `${String(1 + random.below(28)).padStart(2, '0')}-${random.pick(MONTHS)}-${year}`;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
