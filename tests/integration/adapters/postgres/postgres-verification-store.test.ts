import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresVerificationStore } from '../../../../functions/adapters/postgres/postgres-verification-store.ts';
import { describeVerificationStore } from '../../../contract/verification-store.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

const openStore = async () => {
  const url = await createMigratedDatabase('target');
  const database = await Database.open({ url, applicationName: 'test' });
  return {
    database,
    store: new PostgresVerificationStore(actAs(database, 'verify-replica')),
    close: () => database.close(),
  };
};

describeVerificationStore('PostgresVerificationStore', openStore);

it('sums the slices up in view replica_agreement', async () => {
  const { database, store, close } = await openStore();
  const slice = {
    ...{ range: { after: null, until: 5 }, checkedAt: new Date(), seconds: 1, rows: 10, ranges: 1 },
    ...{ missing: 1, extra: 0, different: 2, held: 3, unsettled: 0, samples: [] },
    causes: { lost: 1, 'edited-in-target': 2 },
    heldBy: { salaryAbove: 3 },
  };
  await store.recordSlice({ ...slice, slice: 0 });
  await store.recordSlice({ ...slice, slice: 1, causes: { lost: 3 } });
  const { rows } = await database.query('select * from replica_agreement');
  expect(rows).toEqual([
    {
      ...{
        oldest_checked_at: null,
        row_count: '20',
        missing: '2',
        extra: '0',
        different: '4',
        held: '6',
        unsettled: '0',
      },
      differs_since: slice.checkedAt,
      causes: { lost: 4, 'edited-in-target': 2 },
      held_by: { salaryAbove: 6 },
    },
  ]);
  await close();
});
