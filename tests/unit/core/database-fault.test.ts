import { databaseFaultOf, describeDatabaseFault, mayQuoteValues } from '../../../functions/core/database-fault.ts';
import { InputError } from '../../../functions/core/errors.ts';

const fault = (fields: object, message = 'secret') => Object.assign(new Error(message), fields);

describe('describeDatabaseFault', () => {
  it.each([
    [{ code: '23514', table: 'employees', constraint: 'short' }, 'SQLSTATE 23514, constraint short of table employees'],
    [{ code: '23502', table: 'employees', column: 'city' }, 'SQLSTATE 23502, column city of table employees'],
    [{ code: '23514', table: 'employees' }, 'SQLSTATE 23514, table employees'],
    [{ code: '23514', dataType: 'amount', constraint: 'poor' }, 'SQLSTATE 23514, constraint poor, type amount'],
    [{ code: 'P0001', where: 'PL/pgSQL function refuse() line 1 at RAISE' }, 'SQLSTATE P0001, function refuse()'],
    [
      {
        code: '42703',
        where: 'PL/pgSQL assignment "new.x := 1"\nPL/pgSQL function f(integer,text) line 2 at assignment',
      },
      'SQLSTATE 42703, function f(integer,text)',
    ],
    [{ code: '22P02', detail: 'secret', where: 'secret' }, 'SQLSTATE 22P02'],
    [{ code: '23514', table: '', where: 'SQL statement "PL/pgSQL function f()"' }, 'SQLSTATE 23514'],
    [{}, 'SQLSTATE unknown'],
  ])('names what %j names, and no value', (fields, expected) => {
    expect(describeDatabaseFault(fault(fields))).toBe(expected);
  });

  it.each([
    ['value too long for type character varying(5)', 'character varying(5)'],
    ['smallint out of range', 'smallint'],
  ])('names the type of "%s"', (message, type) => {
    expect(describeDatabaseFault(fault({ code: '22000' }, message))).toBe(`SQLSTATE 22000, type ${type}`);
  });

  it.each([
    'secret value too long for type character varying(5)',
    'value too long for type character varying(5)\nsecret',
    'secret integer out of range',
    'integer out of range: secret',
  ])('names no type of "%s", which is not a message of PostgreSQL about a type', (message) => {
    expect(describeDatabaseFault(fault({ code: '22000' }, message))).toBe('SQLSTATE 22000');
  });

  it('gives the code of an error of this project', () => {
    expect(describeDatabaseFault(new InputError('PIPE_X', 'text'))).toBe('PIPE_X');
  });
});

test('what is no error of PostgreSQL has no fault', () => {
  for (const thrown of [undefined, null, 'text', 7, {}, fault({ code: 'ECONNREFUSED' }), fault({ code: 23_514 })]) {
    expect(Object.keys(databaseFaultOf(thrown))).toEqual([]);
  }
});

test.each([
  ['22001', true],
  ['23514', true],
  ['P0001', true],
  ['42703', false],
  ['ECONNREFUSED', false],
  [undefined, false],
])('a message with SQLSTATE %s may quote values = %s', (code, mayQuote) => {
  expect(mayQuoteValues(fault({ code }))).toBe(mayQuote);
});
