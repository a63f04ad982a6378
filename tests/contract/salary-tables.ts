import { classifyError } from '../../functions/core/classify-error.ts';
import type { IngestionLedger } from '../../functions/ports/ingestion-ledger.ts';
import type { SalaryTables } from '../../functions/ports/salary-tables.ts';
import { arrivalOf, begin, countsOf, rowsOf, type SalaryDatabaseUnderTest, salaryOf } from './salary-database.ts';

/** The contract of `SalaryTables`. */
export function describeSalaryTables(name: string, make: () => Promise<SalaryDatabaseUnderTest>): void {
  describe(`${name} as salary tables`, () => {
    let subject: SalaryDatabaseUnderTest;
    let ledger: IngestionLedger;
    let tables: SalaryTables;
    const a1 = arrivalOf('a.csv', '1');
    beforeEach(async () => {
      subject = await make();
      ({ ledger, tables } = subject);
      await begin(subject, a1);
    });

    describe('a batch', () => {
      it('changes nothing when it is repeated', async () => {
        const batch = rowsOf(a1, 1, 10);
        expect(await tables.load(batch)).toEqual({ loaded: 10, skipped: 0, unregistered: [] });
        expect(await tables.load(batch)).toEqual({ loaded: 0, skipped: 10, unregistered: [] });
        expect(await tables.load(rowsOf(a1, 5, 12))).toEqual({ loaded: 2, skipped: 6, unregistered: [] });
        expect(await subject.account(a1)).toMatchObject({ loaded: 12 });
      });

      it('may be empty', async () => {
        expect(await tables.load([])).toEqual({ loaded: 0, skipped: 0, unregistered: [] });
        await tables.recordRefused([]);
      });

      it('counts a row once that it contains twice', async () => {
        expect(await tables.load([salaryOf(a1, 1), salaryOf(a1, 1)])).toMatchObject({ loaded: 1, skipped: 1 });
        expect(await subject.totals()).toEqual({ EMS: 1_001 });
      });

      it('counts equal rows of one file as different employees', async () => {
        await tables.load([salaryOf(a1, 1, { salary: 5 }), salaryOf(a1, 2, { salary: 5 })]);
        expect(await subject.totals()).toEqual({ EMS: 10 });
      });

      it('may contain rows of several files, versions and departments', async () => {
        const b1 = arrivalOf('b.csv', '1');
        const outdated = arrivalOf('c.csv', '1');
        for (const file of [b1, outdated, arrivalOf('c.csv', '2')]) await begin(subject, file);
        const outcome = await tables.load([
          salaryOf(b1, 1, { department: 'ECC', salary: 1 }),
          salaryOf(a1, 1, { department: 'CIT', salary: 2 }),
          salaryOf(outdated, 1),
          salaryOf(a1, 2, { department: 'ECC', salary: 4 }),
        ]);
        expect(outcome).toEqual({ loaded: 3, skipped: 1, unregistered: [] });
        expect(await subject.totals()).toEqual({ CIT: 2, ECC: 5 });
      });

      it('returns the rows of files that are not registered, and loads the others', async () => {
        const stray = salaryOf(arrivalOf('never.csv', '1'), 1);
        expect(await tables.load([salaryOf(a1, 1), stray])).toEqual({ loaded: 1, skipped: 0, unregistered: [stray] });
      });

      it('skips the rows of a version that has not taken over', async () => {
        const b1 = arrivalOf('b.csv', '1');
        await ledger.register(b1, async () => true);
        expect(await tables.load([salaryOf(b1, 1)])).toEqual({ loaded: 0, skipped: 1, unregistered: [] });
      });

      it('adds up to totals beyond 32 bits', async () => {
        await tables.load([1, 2, 3].map((row) => salaryOf(a1, row, { salary: 2_147_483_647 })));
        expect(await subject.totals()).toEqual({ EMS: 6_442_450_941 });
      });

      it('keeps a department whose employees earn nothing', async () => {
        await tables.load([salaryOf(a1, 1, { salary: 0 })]);
        expect(await subject.totals()).toEqual({ EMS: 0 });
      });

      it('counts once when it runs several times at the same time', async () => {
        const batch = rowsOf(a1, 1, 500);
        const outcomes = await Promise.all(Array.from({ length: 6 }, () => tables.load(batch)));
        expect(outcomes.reduce((sum, { loaded }) => sum + loaded, 0)).toBe(500);
        expect(await subject.account(a1)).toMatchObject({ loaded: 500 });
      });

      it('fails permanently and writes nothing when one of its rows is refused', async () => {
        const batch = [salaryOf(a1, 1), salaryOf(a1, 2, { hireDate: '0000-01-01' }), salaryOf(a1, 3)];
        const error = await tables.load(batch).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: '22008' });
        expect(classifyError(error)).toBe('permanent');
        expect(await subject.totals()).toEqual({});
        expect(await subject.account(a1)).toMatchObject({ loaded: 0 });
      });
    });

    describe('a refused row', () => {
      it('is counted once, however often it is recorded', async () => {
        const row = salaryOf(a1, 3);
        await tables.recordRefused([row, row]);
        await tables.recordRefused([row]);
        expect(await subject.account(a1)).toMatchObject({ refused: 1 });
      });

      it('completes its file when it is the last row', async () => {
        await tables.load(rowsOf(a1, 1, 2));
        await ledger.finish(a1, countsOf(3));
        await tables.recordRefused([salaryOf(a1, 3)]);
        expect(await subject.account(a1)).toMatchObject({ state: 'complete', loaded: 2, refused: 1 });
      });

      it('is not counted when the same row is in the tables', async () => {
        await tables.load([salaryOf(a1, 1)]);
        await tables.recordRefused([salaryOf(a1, 1)]);
        expect(await subject.account(a1)).toMatchObject({ loaded: 1, refused: 0 });
      });

      it('is not counted when its version is not current or not registered', async () => {
        await begin(subject, arrivalOf('a.csv', '2'));
        await tables.recordRefused([salaryOf(a1, 1), salaryOf(arrivalOf('never.csv', '1'), 1)]);
        expect(await subject.account(a1)).toMatchObject({ refused: 0 });
      });
    });
  });
}
