import { join } from 'node:path';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresSchemaMigrator } from '../../../../functions/adapters/postgres/postgres-schema-migrator.ts';
import { readMigrations } from '../../../../functions/provision/migration-files.ts';
import { arrivalOf, begin, countsOf, ingest, salaryOf } from '../../../contract/salary-database.ts';
import { SQL_DIRECTORY } from '../../../support/migrated-database.ts';
import { createSalaryDatabase, emptySalaryDatabase, portsOn } from '../../../support/salary-database.ts';
import { createDatabase } from '../../../support/servers.ts';

const FOREIGN_KEY_VIOLATION = { code: '23503' };

describe('the tables of the salaries pipeline', () => {
  let database: Database;
  beforeAll(async () => {
    ({ database } = await createSalaryDatabase());
  });
  beforeEach(async () => {
    const subject = await emptySalaryDatabase(database);
    await begin(subject, arrivalOf('a.csv', '1'));
    await subject.tables.recordRefused([salaryOf(arrivalOf('a.csv', '1'), 1)]);
  });
  afterAll(() => database.close());

  it.each([
    ['a current version', 'update ingested_key set current_file_id = 4711'],
    ['a refused row', 'insert into refused_row values (4711, 1)'],
    [
      'a file',
      `insert into ingested_file (bucket, key, version, etag, size_bytes, state) values ('b', 'k', 'v', 'e', 1, 'loading')`,
    ],
  ])('refuse %s that refers to nothing', async (_, statement) => {
    await expect(database.query(statement)).rejects.toMatchObject(FOREIGN_KEY_VIOLATION);
  });

  it('refuse to delete a file that is current', async () => {
    await database.query('delete from refused_row');
    await expect(database.query('delete from ingested_file')).rejects.toMatchObject(FOREIGN_KEY_VIOLATION);
  });

  it('get their constraints also when they hold files in every state', async () => {
    const older = await Database.open({
      url: await createDatabase('target'),
      applicationName: 'test',
      maxConnections: 2,
    });
    const migrator = new PostgresSchemaMigrator(older);
    const migrations = await readMigrations(join(SQL_DIRECTORY, 'target'));
    await migrator.migrate(migrations.slice(0, 2));
    // The adapters of today use these too, which later migrations add.
    await older.query(`alter table ingested_file add requested_at timestamptz, add begun_at timestamptz;
      create table target_refusal (table_name text, accepted_at timestamptz);
      create table dead_letter (file_bucket text, file_key text, file_version text, pending boolean, state text,
        state_at timestamptz)`);
    const subject = portsOn(older);
    await ingest(subject, arrivalOf('complete.csv', '1'), 3);
    await ingest(subject, arrivalOf('complete.csv', '2'), 2);
    const loading = arrivalOf('loading.csv', '1');
    await begin(subject, loading);
    await subject.tables.recordRefused([salaryOf(loading, 2)]);
    await subject.ledger.reportProgress(loading, countsOf(1));
    const rejected = arrivalOf('rejected.csv', '1');
    await subject.ledger.register(rejected, async () => true);
    await subject.ledger.reject(rejected);
    await older.query(
      'alter table ingested_file drop requested_at, drop begun_at; drop table target_refusal, dead_letter',
    );
    expect(await migrator.migrate(migrations)).toEqual(migrations.slice(2).map(({ name }) => name));
    await older.close();
  });
});
