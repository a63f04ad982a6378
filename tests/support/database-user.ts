import type { Database } from '../../functions/adapters/postgres/database.ts';

/** The role by which a function signs in to its databases. */
export function databaseUserOf(functionName: string): string {
  return `employee_streams_${functionName.replaceAll('-', '_')}`;
}

/** The same connections, whose statements have only the privileges of a function. So a missing one fails a test. */
export function actAs(database: Database, functionName: string): Database {
  const transaction: Database['transaction'] = (work) =>
    database.transaction(async (client) => {
      await client.query(`set local role ${databaseUserOf(functionName)}`);
      return work(client);
    });
  const query: Database['query'] = (text, values = [], name) =>
    transaction((client) => client.query({ text, values: [...values], ...(name !== undefined && { name }) }));
  return { query, transaction, close: () => database.close() } as unknown as Database;
}
