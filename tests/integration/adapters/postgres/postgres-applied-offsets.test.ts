import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresAppliedOffsets } from '../../../../functions/adapters/postgres/postgres-applied-offsets.ts';
import { PostgresEmployeeReplica } from '../../../../functions/adapters/postgres/postgres-employee-replica.ts';
import { describeAppliedOffsets } from '../../../contract/applied-offsets.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

describeAppliedOffsets('PostgresAppliedOffsets', async () => {
  const url = await createMigratedDatabase('target');
  const database = await Database.open({ url, applicationName: 'test', maxConnections: 4 });
  return {
    replica: new PostgresEmployeeReplica(actAs(database, 'apply-changes')),
    appliedOffsets: new PostgresAppliedOffsets(actAs(database, 'watch-replica')),
    close: () => database.close(),
  };
});
