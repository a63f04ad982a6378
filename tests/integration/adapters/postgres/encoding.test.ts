import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { assertUtf8 } from '../../../../functions/adapters/postgres/encoding.ts';
import { createDatabase, endpoints, uniqueName } from '../../../support/servers.ts';

const opened: Database[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function open(url: string): Promise<Database> {
  const database = await Database.open({ url, applicationName: 'test' });
  opened.push(database);
  return database;
}

test('a database in UTF-8 is accepted', async () => {
  await assertUtf8(await open(await createDatabase('source')), 'source');
});

test('a database in an encoding that cannot hold every text is refused', async () => {
  const admin = new pg.Client({ connectionString: endpoints().sourceDatabaseUrl });
  await admin.connect();
  const name = uniqueName('ascii').replaceAll('-', '_');
  await admin.query(`create database ${name} encoding 'SQL_ASCII' template template0 locale 'C'`);
  await admin.end();
  const url = new URL(endpoints().sourceDatabaseUrl);
  url.pathname = name;
  await expect(assertUtf8(await open(url.href), 'source')).rejects.toMatchObject({
    code: 'PIPE_CONFIG',
    message: expect.stringContaining('SQL_ASCII'),
  });
});
