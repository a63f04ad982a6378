import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresEmployeeReplica } from '../../../../functions/adapters/postgres/postgres-employee-replica.ts';
import { PostgresPipelineHistory } from '../../../../functions/adapters/postgres/postgres-pipeline-history.ts';
import { PostgresSalaryTables } from '../../../../functions/adapters/postgres/postgres-salary-tables.ts';
import type { PipelineTick } from '../../../../functions/core/pipeline-tick.ts';
import { describePipelineHistory } from '../../../contract/pipeline-history.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

let database: Database;

async function openDatabase() {
  const url = await createMigratedDatabase('target');
  database = await Database.open({ url, applicationName: 'test', maxConnections: 4 });
}

describePipelineHistory('PostgresPipelineHistory', async () => {
  await openDatabase();
  const replica = new PostgresEmployeeReplica(database);
  return {
    history: new PostgresPipelineHistory(actAs(database, 'watch-replica')),
    record: async (ticks) => void (await replica.applyAtOnce([], [], ticks)),
    close: () => database.close(),
  };
});

describe('the ticks of a batch', () => {
  const tick: PipelineTick = {
    ...{ functionName: 'apply-changes', writer: 7, second: 1_800_000_000, batches: 1, records: 3, greatestMs: 12 },
    latencyCounts: [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  };
  const stored = async () => {
    const { rows } = await database.query('select writer, records::integer from pipeline_tick');
    return rows;
  };
  beforeEach(openDatabase);
  afterEach(() => database.close());

  it.each(['shared', 'exclusive'] as const)('are recorded by a transaction with a %s lock', async (lock) => {
    await new PostgresEmployeeReplica(database).transaction(lock, [], async () => {}, [tick]);
    expect(await stored()).toEqual([{ writer: 7, records: 3 }]);
  });

  it('are undone with the transaction', async () => {
    const replica = new PostgresEmployeeReplica(database);
    const fail = async () => Promise.reject(new Error('the batch fails'));
    await expect(replica.transaction('shared', [], fail, [tick])).rejects.toThrow('the batch fails');
    expect(await stored()).toEqual([]);
  });

  it('are recorded with salaries, also when no file is known', async () => {
    await new PostgresSalaryTables(database).load([], [tick]);
    expect(await stored()).toEqual([{ writer: 7, records: 3 }]);
  });

  it('never keep a batch from being applied', async () => {
    await database.query('alter table pipeline_tick drop column ms_5');
    expect(await new PostgresEmployeeReplica(database).applyAtOnce([], [], [tick])).toBe(0);
    await database.query('drop table pipeline_tick cascade');
    await new PostgresEmployeeReplica(database).transaction('shared', [], async () => {}, [tick]);
    await new PostgresSalaryTables(database).load([], [tick]);
  });
});
