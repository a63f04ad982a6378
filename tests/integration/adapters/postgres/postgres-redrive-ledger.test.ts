import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { describeRedriveLedger } from '../../../contract/redrive-ledger.ts';
import { describeRedriveOutcomes } from '../../../contract/redrive-outcomes.ts';
import { emptyRedriveDatabase } from '../../../support/redrive-database.ts';
import { createSalaryDatabase } from '../../../support/salary-database.ts';

let database: Database;
beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
});
afterAll(() => database.close());

describeRedriveLedger('PostgresRedriveLedger', () => emptyRedriveDatabase(database));
describeRedriveOutcomes('PostgresRedriveOutcomes', () => emptyRedriveDatabase(database));
