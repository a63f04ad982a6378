import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { createDatabase } from '../../../support/servers.ts';

describe('Database', () => {
  it('works again after its connection breaks between two statements of a transaction', async () => {
    const url = await createDatabase('target');
    const database = await Database.open({ url, applicationName: 'to-be-killed' });
    const other = await Database.open({ url, applicationName: 'test' });
    const attempt = database.transaction(async (client) => {
      await client.query('select 1');
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      await other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-killed'`,
      );
      await ended;
      await client.query('select 2');
    });
    await expect(attempt).rejects.toThrow();
    expect((await database.query('select 3 as alive')).rows).toEqual([{ alive: 3 }]);
    await Promise.all([database.close(), other.close()]);
  });
});
