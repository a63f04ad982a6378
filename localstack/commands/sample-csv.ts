import { SeededRandom } from './random.ts';

/** A file and the result that the pipeline must have for it, which is known because each row is written with it. */
export interface SampleCsv {
  readonly csv: string;
  /** The total salary by department, of the rows that are kept. */
  readonly totals: ReadonlyMap<string, bigint>;
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
}

type Outcome = 'kept' | 'filtered' | 'rejected';

const ORDINARY_ROWS = 200;

/**
 * A file with all edge cases of a valid file, and some rows that must be rejected: byte order mark, reordered, additional
 * and oddly spelled columns, both line ends, blank lines, quoted delimiters, quotes and line ends, blanks around values,
 * equal rows, both date formats, salaries at the limits, several scripts, and no line end after the last row.
 */
export function sampleCsv(): SampleCsv {
  const sample = new SampleWriter();
  sample.blank('\r\n');
  sample.line(' SALARY ,Remark,"Initial Hire Date",position title,\tDepartment ,PCN,"DEPARTMENT-Division"\r\n');
  writeOrdinaryRows(sample);
  writeEdgeCaseRows(sample);
  writeFilteredRows(sample);
  writeRejectedRows(sample);
  sample.row('kept', 'EMS', 1_234n, '1234.5,the end,31-Dec-2024,Paramedic,EMS,B.000999,EMS 020 Operations', '');
  return sample.finish();
}

function writeOrdinaryRows(sample: SampleWriter): void {
  const random = new SeededRandom(2010);
  for (let row = 0; row < ORDINARY_ROWS; row += 1) {
    const department = random.pick(['ECC', 'CIT', 'EMS', 'POL', 'PAR']);
    const year = 2000 + random.below(24);
    const whole = BigInt(20_000 + random.below(130_000));
    const isKept = ['ECC', 'CIT', 'EMS'].includes(department) && year >= 2010;
    const text = `${whole}.${random.below(10)}${random.below(10)},,05-Jun-${year},Analyst,${department},B.${row},Division ${row % 7}`;
    sample.row(isKept ? 'kept' : 'filtered', department, whole, text, row % 3 === 0 ? '\r\n' : '\n');
  }
}

function writeEdgeCaseRows(sample: SampleWriter): void {
  const kept = (department: string, whole: bigint, text: string, lineEnd = '\n') =>
    sample.row('kept', department, whole, text, lineEnd);
  kept('ECC', 50_000n, '50000.99,,01-Jan-2010,First day that counts,ECC,1,ECC 001');
  kept('ECC', 50_001n, '50001,,1-jan-2010,One digit and small letters,ECC,1,ECC 001', '\r\n');
  kept('CIT', 60_000n, '60000.00,,2012-02-29,A leap day,CIT,2,CIT 001');
  kept('CIT', 60_001n, '60001.5,,2012-2-9,One digit each,CIT,2,CIT 001');
  sample.blank('\n');
  sample.blank('\r\n');
  kept('CIT', 2_147_483_647n, '2147483647.99,,15-MAR-2015,"As much, as fits",CIT,3,CIT 002');
  kept('EMS', 0n, '0.99,,16-Mar-2015,"Says ""hello"", twice",EMS,3,EMS 001');
  kept('EMS', 7n, '00000000000007.0,,17-Mar-2015,"Two\r\nlines, and\n\none more",EMS,3,EMS 001', '\r\n');
  kept('ECC', 31_000n, ' 31000.10 ,\tx,  18-Mar-2015 , "Blanks beside the quotes" ,\t ECC  ,4, ECC 002 ');
  kept('ECC', 32_000n, '32000,,19-Mar-2015,,ECC,4,');
  kept('CIT', 33_000n, '33000,,20-Mar-2015,Größenprüfer 电工 كهربائي 🚒,CIT,5,Bürö “Nord”');
  kept('CIT', 33_001n, `33001,,20-Mar-2015,${'t'.repeat(200)},CIT,5,${'🚑'.repeat(200)}`);
  kept('EMS', 34_000n, '34000,,21-Mar-2015,A 6" pipe in an unquoted field,EMS,5,EMS 002');
  for (let twin = 0; twin < 3; twin += 1) {
    kept('EMS', 35_000n, '35000.25,equal,22-Mar-2015,"Paramedic, part-time",EMS,N.30642,EMS 003');
  }
}

function writeFilteredRows(sample: SampleWriter): void {
  const filtered = (text: string) => sample.row('filtered', '', 0n, text, '\n');
  filtered('70000,,31-Dec-2009,A day too early,ECC,6,ECC 001');
  filtered('70000,,01-Jan-2020,Another department by its spelling,ecc,6,ECC 001');
  filtered('abc,,01-Jan-1999,Too old to be judged,ECC,6,ECC 001');
  filtered('-1,,never,Of no interest,POL,6,POL 001,and,more');
  filtered('70000,,01-Jan-2020,No department,,6,');
}

function writeRejectedRows(sample: SampleWriter): void {
  const rejected = (text: string, lineEnd = '\n') => sample.row('rejected', '', 0n, text, lineEnd);
  rejected('80000,,01-Jan-2020,A column too few,ECC,7');
  rejected('80000,,01-Jan-1999,"A column too many, and old",ECC,7,ECC 001,more', '\r\n');
  rejected('80000,,31-Feb-2012,No day of the calendar,CIT,7,CIT 001');
  rejected('80000,,2012-13-01,No month,CIT,7,CIT 001');
  rejected('80000,,,No day at all,CIT,7,CIT 001');
  rejected('-1,,01-Jan-2020,Negative,EMS,7,EMS 001');
  rejected('abc,,01-Jan-2020,No number,EMS,7,EMS 001');
  rejected(',,01-Jan-2020,No salary,EMS,7,EMS 001');
  rejected('1e400,,01-Jan-2020,An exponent,EMS,7,EMS 001');
  rejected('"80,000",,01-Jan-2020,Grouped,EMS,7,EMS 001');
  rejected('2147483648,,01-Jan-2020,One too much,EMS,7,EMS 001');
  rejected(`80000,,01-Jan-2020,${'t'.repeat(201)},EMS,7,EMS 001`);
  rejected('80000,,01-Jan-2020,A zero character \0,EMS,7,EMS 001');
  rejected('too short to hold a department');
}

/** Writes the file and counts its rows and totals. */
class SampleWriter {
  #csv = '\uFEFF';
  readonly #totals = new Map<string, bigint>();
  readonly #counts: Record<Outcome, number> = { kept: 0, filtered: 0, rejected: 0 };

  line(text: string): void {
    this.#csv += text;
  }

  blank(lineEnd: string): void {
    this.line(lineEnd);
  }

  row(outcome: Outcome, department: string, whole: bigint, text: string, lineEnd: string): void {
    this.line(text + lineEnd);
    this.#counts[outcome] += 1;
    if (outcome === 'kept') this.#totals.set(department, (this.#totals.get(department) ?? 0n) + whole);
  }

  finish(): SampleCsv {
    const { kept, filtered, rejected } = this.#counts;
    return {
      csv: this.#csv,
      totals: this.#totals,
      read: kept + filtered + rejected,
      filteredOut: filtered,
      rejected,
      sent: kept,
    };
  }
}
