import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresAppliedOffsets } from '../../../../functions/adapters/postgres/postgres-applied-offsets.ts';
import { PostgresEmployeeReplica } from '../../../../functions/adapters/postgres/postgres-employee-replica.ts';
import { describeAppliedOffsets } from '../../../contract/applied-offsets.ts';
import { applyMigrations } from '../../../support/cdc/resources.ts';
import { createDatabase } from '../../../support/servers.ts';

describeAppliedOffsets('PostgresAppliedOffsets', async () => {
  const url = await createDatabase('target');
  await applyMigrations(url, 'target');
  const database = await Database.open({ url, applicationName: 'test', maxConnections: 4 });
  return {
    replica: new PostgresEmployeeReplica(database),
    appliedOffsets: new PostgresAppliedOffsets(database),
    close: () => database.close(),
  };
});
