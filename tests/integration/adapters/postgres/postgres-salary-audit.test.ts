import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresSalaryAudit } from '../../../../functions/adapters/postgres/postgres-salary-audit.ts';
import type { FileArrival } from '../../../../functions/core/ingestion.ts';
import { systemClock } from '../../../../functions/runtime/system-clock.ts';
import { SalaryVerifier } from '../../../../functions/verify-replica/salary-verifier.ts';
import { arrivalOf, BUCKET, begin, countsOf, ingest, rowsOf } from '../../../contract/salary-database.ts';
import { InMemoryVerificationStore } from '../../../support/in-memory-verification-store.ts';
import { createSalaryDatabase, emptySalaryDatabase, wrongTotals } from '../../../support/salary-database.ts';
import { actAs } from '../../../support/database-user.ts';

const ROWS = 6;
const WRITERS = 8;
const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';
const CONTENT = `${HEADER}${rowsOf(arrivalOf('x', '1'), 1, ROWS)
  .map(({ salary }) => `EMS,Field,Medic,2012-05-01,${salary.salary}.75\n`)
  .join('')}`;

describe('the audit of the salaries', () => {
  let database: Database;
  let subject: Awaited<ReturnType<typeof emptySalaryDatabase>>;
  /** Versions that the bucket does not have any more. */
  const gone = new Set<string>();

  beforeAll(async () => {
    ({ database } = await createSalaryDatabase(WRITERS + 4));
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    gone.clear();
    subject = await emptySalaryDatabase(database);
  });

  const verifications = new InMemoryVerificationStore();
  const store = {
    open: async ({ key }: FileArrival) =>
      gone.has(key)
        ? null
        : (async function* () {
            yield Buffer.from(CONTENT);
          })(),
    isLatest: async ({ key }: FileArrival) => !gone.has(key),
  };
  const verify = (request: { isRepair?: boolean; isDeep?: boolean } = {}) =>
    new SalaryVerifier({
      ...{ store, verifications, clock: { ...systemClock, sleep: async () => {} }, now: () => new Date() },
      audit: new PostgresSalaryAudit(actAs(database, 'verify-replica')),
      filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
    }).verify({ isRepair: false, isDeep: false, deepFrom: null, untilMs: Number.POSITIVE_INFINITY, ...request });

  /** As transform-csv and load-salaries do when reconcile-bucket starts a file again. */
  const loadAgain = async (file: FileArrival) => {
    expect(await subject.unfinishedFiles(BUCKET).findStalled(60_000)).toMatchObject([{ key: file.key }]);
    await begin(subject, file);
    await subject.tables.load(rowsOf(file, 1, ROWS));
    await subject.ledger.finish(file, countsOf(ROWS));
    expect(await subject.account(file)).toMatchObject({ state: 'complete', loaded: ROWS, sent: ROWS });
  };

  const file = arrivalOf('one.csv', '1');

  it('finds nothing in complete files, files that are loading and files that were replaced', async () => {
    await ingest(subject, arrivalOf('replaced.csv', '1'), ROWS);
    await ingest(subject, arrivalOf('replaced.csv', '2'), ROWS);
    await begin(subject, file);
    await subject.tables.load(rowsOf(file, 1, 3));
    expect(await verify({ isDeep: true })).toMatchObject({ files: 2, rows: ROWS + 3, differences: 0, findings: [] });
    expect((await verifications.read()).salaries).toMatchObject({ differences: 0, isDeep: true });
  });

  it('finds a total that was changed by hand, and computes it again', async () => {
    await ingest(subject, file, ROWS);
    await database.query('update department_employee_salary set total_salary = 1');
    await database.query(`insert into department_employee_salary values ('ECC', 5, 1)`);
    const found = await verify();
    expect(found.findings.map(({ kind, subject: name }) => [kind, name])).toEqual([
      ['total', 'ECC'],
      ['total', 'EMS'],
    ]);
    expect(await verify({ isRepair: true })).toMatchObject({ differences: 0, repaired: { totals: 2, files: 0 } });
    expect(await wrongTotals(database)).toEqual([]);
  });

  it('finds rows of a file that were deleted, and lets the file be loaded again', async () => {
    await ingest(subject, file, ROWS);
    await database.query('delete from department_employee where row_number > 2');
    const found = await verify();
    expect(found.findings).toMatchObject([{ kind: 'total' }, { kind: 'file', subject: 'one.csv' }]);
    expect(await verify({ isRepair: true })).toMatchObject({ differences: 0, repaired: { totals: 1, files: 1 } });
    expect(await subject.account(file)).toMatchObject({ state: 'loading', loaded: 2 });
    await loadAgain(file);
    expect(await verify()).toMatchObject({ differences: 0, rows: ROWS });
    expect(await wrongTotals(database)).toEqual([]);
  });

  it('finds a total that was changed by hand and deleted rows beside eight writers, nothing else, and repairs both', async () => {
    await ingest(subject, file, ROWS);
    let isStopped = false;
    const write = async (writer: number) => {
      for (let turn = 0; !isStopped; turn += 1) {
        // Every other file replaces the one before.
        await ingest(subject, arrivalOf(`${writer}-${turn >> 1}.csv`, String(1 + (turn % 2))), ROWS);
      }
    };
    const written = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    try {
      await database.query('update department_employee_salary set total_salary = total_salary + 5');
      await database.query(
        `delete from department_employee using ingested_file as file
         where file.file_id = department_employee.file_id and key = 'one.csv' and row_number > 4`,
      );
      const { findings } = await verify();
      expect(findings.map(({ kind, subject: name }) => [kind, name])).toEqual([
        ['total', 'EMS'],
        ['file', 'one.csv'],
      ]);
      expect(await verify({ isRepair: true })).toMatchObject({ differences: 0, repaired: { totals: 1, files: 1 } });
      expect(await verify()).toMatchObject({ differences: 0 });
    } finally {
      isStopped = true;
      await written;
    }
    await loadAgain(file);
    expect(await verify()).toMatchObject({ differences: 0 });
    expect(await wrongTotals(database)).toEqual([]);
  });

  it('counts a file again whose counts alone are wrong', async () => {
    await ingest(subject, file, ROWS);
    await database.query('update ingested_file set loaded = loaded - 1');
    expect(await verify()).toMatchObject({ differences: 1 });
    expect(await verify({ isRepair: true })).toMatchObject({ differences: 0 });
    expect(await subject.account(file)).toMatchObject({ state: 'complete', loaded: ROWS });
  });

  it('finds and deletes rows of a version that was replaced', async () => {
    await ingest(subject, arrivalOf('one.csv', '1'), ROWS);
    const { rows } = await database.query<{ file_id: string }>('select file_id from ingested_file');
    await ingest(subject, arrivalOf('one.csv', '2'), ROWS);
    await database.query(`insert into department_employee values ('EMS', 'd', 't', '2012-05-01', 5, $1, 1)`, [
      rows[0]?.file_id,
    ]);
    expect((await verify()).findings).toMatchObject([{ kind: 'total' }, { kind: 'superseded', subject: 'one.csv' }]);
    expect(await verify({ isRepair: true })).toMatchObject({ differences: 0, repaired: { superseded: 1 } });
    expect(await wrongTotals(database)).toEqual([]);
  });

  it('compares the rows with the object on request only, and loads a file again whose rows were edited', async () => {
    await ingest(subject, file, ROWS);
    expect(await verify({ isDeep: true })).toMatchObject({ differences: 0 });
    await database.query(`update department_employee set position_title = 'Chief' where row_number = 3`);
    expect(await verify()).toMatchObject({ differences: 0 });
    const { differences, findings } = await verify({ isDeep: true });
    expect([differences, findings[0]?.kind, findings[0]?.message]).toEqual([
      ...[1, 'object', expect.stringContaining('found 1 that differ, the first one in row 3')],
    ]);
    expect(findings[0]?.message).not.toContain('Chief');
    expect(await verify({ isDeep: true, isRepair: true })).toMatchObject({ differences: 0, repaired: { files: 1 } });
    await loadAgain(file);
    expect(await verify({ isDeep: true })).toMatchObject({ differences: 0, rows: ROWS });
  });

  it('finds rows of a file that is in no ledger, and deletes them', async () => {
    await ingest(subject, file, ROWS);
    await database.query(`insert into department_employee values ('EMS', 'd', 't', '2012-05-01', 5, 999, 1)`);
    expect((await verify()).findings).toMatchObject([{ kind: 'total' }, { kind: 'superseded', subject: 'file 999' }]);
    expect(await verify({ isRepair: true })).toMatchObject({ differences: 0, repaired: { superseded: 1 } });
    expect(await wrongTotals(database)).toEqual([]);
  });

  it('keeps the rows of an object that was deleted, because they could not be read again', async () => {
    await ingest(subject, file, ROWS);
    gone.add(file.key);
    expect(await verify({ isDeep: true })).toMatchObject({ differences: 0 });
    await database.query('delete from department_employee where row_number = 1');
    expect(await verify({ isRepair: true, isDeep: true })).toMatchObject({ rows: ROWS - 1, repaired: { files: 0 } });
    expect(await subject.account(file)).toMatchObject({ state: 'complete' });
  });
});
