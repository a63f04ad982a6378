import type { ReceivedSalary } from '../../functions/core/salary-record.ts';
import { arrivalOf, begin, rowsOf, type SalaryDatabaseUnderTest, salaryOf } from './salary-database.ts';

/** The contract of `SalaryTables` for rows that were rejected or refused and are redriven. */
export function describeReadmittedRows(name: string, make: () => Promise<SalaryDatabaseUnderTest>): void {
  describe(`${name} as salary tables of redriven rows`, () => {
    let subject: SalaryDatabaseUnderTest;
    const a1 = arrivalOf('a.csv', '1');
    const rejectedRow = (row: number): ReceivedSalary => ({ ...salaryOf(a1, row), wasRejected: true });

    /** A complete file with ten rows, of which three were filtered out, two rejected and one refused. */
    const refusedRow = salaryOf(a1, 9);
    beforeEach(async () => {
      subject = await make();
      await begin(subject, a1);
      await subject.tables.load(rowsOf(a1, 1, 4));
      await subject.tables.recordRefused([refusedRow]);
      await subject.ledger.finish(a1, { read: 10, filteredOut: 3, rejected: 2, sent: 5 });
      expect(await subject.account(a1)).toMatchObject({ state: 'complete', loaded: 4, refused: 1 });
    });

    it('moves a rejected row to the sent rows when it is loaded, once', async () => {
      await subject.tables.load([rejectedRow(10)]);
      await subject.tables.load([rejectedRow(10), salaryOf(a1, 1)]);
      expect(await subject.account(a1)).toEqual({
        ...{ state: 'complete', read: 10, filteredOut: 3, rejected: 1, sent: 6, loaded: 5, refused: 1 },
      });
    });

    it('moves several rejected rows beside rows of other files', async () => {
      const b1 = arrivalOf('b.csv', '1');
      await begin(subject, b1);
      const outcome = await subject.tables.load([rejectedRow(7), salaryOf(b1, 1), rejectedRow(8), rejectedRow(8)]);
      expect(outcome).toMatchObject({ loaded: 3, skipped: 1 });
      expect(await subject.account(a1)).toMatchObject({ rejected: 0, sent: 7, loaded: 6 });
      expect(await subject.account(b1)).toMatchObject({ loaded: 1 });
    });

    it('does not count a row as refused any more when it is loaded', async () => {
      await subject.tables.load([refusedRow]);
      await subject.tables.load([refusedRow]);
      expect(await subject.account(a1)).toMatchObject({ sent: 5, loaded: 5, refused: 0 });
    });

    it('still counts a row as refused when it is refused again', async () => {
      const again = salaryOf(a1, 9, { hireDate: '0000-01-01' });
      await expect(subject.tables.load([again])).rejects.toMatchObject({ code: '22008' });
      await subject.tables.recordRefused([again]);
      expect(await subject.account(a1)).toMatchObject({ sent: 5, loaded: 4, refused: 1 });
    });

    it('moves a rejected row to the sent rows when it is refused, and then to the loaded ones', async () => {
      await subject.tables.recordRefused([rejectedRow(10), rejectedRow(10)]);
      await subject.tables.recordRefused([rejectedRow(10)]);
      expect(await subject.account(a1)).toMatchObject({ rejected: 1, sent: 6, loaded: 4, refused: 2 });
      await subject.tables.load([rejectedRow(10)]);
      expect(await subject.account(a1)).toMatchObject({ rejected: 1, sent: 6, loaded: 5, refused: 1 });
    });

    it('takes a row from those filtered out when none is counted as rejected', async () => {
      await subject.tables.load([rejectedRow(6), rejectedRow(7), rejectedRow(8)]);
      expect(await subject.account(a1)).toMatchObject({ read: 10, filteredOut: 2, rejected: 0, sent: 8, loaded: 7 });
    });

    it('skips a rejected row while its file is read again', async () => {
      const b1 = arrivalOf('b.csv', '1');
      await begin(subject, b1);
      const row = { ...salaryOf(b1, 1), wasRejected: true };
      expect(await subject.tables.load([row])).toMatchObject({ loaded: 0, skipped: 1 });
      await subject.tables.recordRefused([row]);
      expect(await subject.account(b1)).toMatchObject({ sent: 0, loaded: 0, refused: 0 });
    });

    it('does not complete a file because of a row that was not sent', async () => {
      const b1 = arrivalOf('b.csv', '1');
      await begin(subject, b1);
      await subject.tables.load(rowsOf(b1, 1, 2));
      await subject.ledger.finish(b1, { read: 4, filteredOut: 0, rejected: 1, sent: 3 });
      await subject.tables.load([{ ...salaryOf(b1, 4), wasRejected: true }]);
      expect(await subject.account(b1)).toMatchObject({ state: 'loading', sent: 4, loaded: 3 });
      await subject.tables.load([salaryOf(b1, 3)]);
      expect(await subject.account(b1)).toMatchObject({ state: 'complete', sent: 4, loaded: 4 });
    });
  });
}
