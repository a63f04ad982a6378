import { inspect } from 'node:util';
import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';

const refuse = async () => {
  const error = new pg.DatabaseError('new row violates check constraint "salary_limit"', 0, 'error');
  throw Object.assign(error, { code: '23514', detail: 'Failing row contains (1, Ada, 54321).' });
};

const open = () => Database.open({ url: 'postgres://127.0.0.1:1/test', applicationName: 'test' });

afterEach(() => jest.restoreAllMocks());

it('throws the error of a statement without the values of the row', async () => {
  jest.spyOn(pg.Pool.prototype, 'query').mockImplementation(refuse);
  const error = await (await open()).query('select').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: '23514' });
  expect(inspect(error)).not.toContain('54321');
});

it('throws the error of a transaction without the values of the row', async () => {
  const client = { query: async () => ({}), on: () => {}, off: () => {}, release: () => {} };
  jest.spyOn(pg.Pool.prototype, 'connect').mockImplementation(async () => client);
  const error = await (await open()).transaction(refuse).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: '23514' });
  expect(inspect(error)).not.toContain('54321');
});
