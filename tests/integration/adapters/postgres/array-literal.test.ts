import fc from 'fast-check';
import { plainArray, textArray } from '../../../../functions/adapters/postgres/array-literal.ts';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { createDatabase } from '../../../support/servers.ts';

describe('array literals', () => {
  let database: Database;
  beforeAll(async () => {
    database = await Database.open({ url: await createDatabase('target'), applicationName: 'test' });
  });
  afterAll(() => database.close());

  async function read(type: string, literal: string): Promise<unknown> {
    const { rows } = await database.query<{ read: unknown }>(`select $1::${type}[]::text[] as read`, [literal]);
    return rows[0]?.read;
  }

  it('keep any text', async () => {
    const character = fc.oneof(
      fc.constantFrom('"', '\\', ',', '{', '}', ' ', '\n', "'", '$'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const text = fc
      .array(character, { maxLength: 8 })
      .map((parts) => parts.join('').toWellFormed().replaceAll('\0', ''));
    const element = fc.oneof(text, fc.constantFrom(null, 'null', 'NULL', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(element, { maxLength: 5 }), async (texts) => {
        expect(await read('text', textArray(texts))).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  it('keep numbers, dates, booleans and nulls', async () => {
    expect(await read('integer', plainArray([-2_147_483_648, 0, null, 2_147_483_647]))).toEqual([
      '-2147483648',
      '0',
      null,
      '2147483647',
    ]);
    expect(await read('bigint', plainArray([9_223_372_036_854_775_807n, '12']))).toEqual(['9223372036854775807', '12']);
    expect(await read('date', plainArray(['0001-01-01', '9999-12-31']))).toEqual(['0001-01-01', '9999-12-31']);
    expect(await read('boolean', plainArray([true, false]))).toEqual(['true', 'false']);
    expect(await read('integer', plainArray([]))).toEqual([]);
  });
});
