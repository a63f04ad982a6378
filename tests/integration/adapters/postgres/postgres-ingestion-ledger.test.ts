import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { describeIngestionLedger } from '../../../contract/ingestion-ledger.ts';
import { describeUnfinishedFiles } from '../../../contract/unfinished-files.ts';
import { createSalaryDatabase, emptySalaryDatabase, wrongTotals } from '../../../support/salary-database.ts';

let database: Database;
beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
});
afterEach(async () => {
  expect(await wrongTotals(database)).toEqual([]);
});
afterAll(() => database.close());

describeIngestionLedger('PostgresIngestionLedger', () => emptySalaryDatabase(database));
describeUnfinishedFiles('PostgresUnfinishedFiles', () => emptySalaryDatabase(database));
