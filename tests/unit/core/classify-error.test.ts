import { classifyError, isInvalidValue, sqlStateOf } from '../../../functions/core/classify-error.ts';
import { ConfigError, InputError, PipelineError, SchemaError } from '../../../functions/core/errors.ts';

const withCode = (code: unknown) => Object.assign(new Error('from somewhere'), { code });

describe('classifyError', () => {
  it.each(['22001', '22003', '22008', '22P02', '22021', '23502', '23514', '23505', '23P01', '44000', '54000', 'P0001'])(
    'SQLSTATE %s is permanent',
    (code) => {
      expect(classifyError(withCode(code))).toBe('permanent');
    },
  );

  it.each([
    ['a deadlock', '40P01'],
    ['a serialisation failure', '40001'],
    ['a statement timeout', '57014'],
    ['a terminated session', '57P01'],
    ['a server that starts', '57P03'],
    ['too many connections', '53300'],
    ['a full disk', '53100'],
    ['a lost connection', '08006'],
    ['a prepared statement of a pooled connection', '42P05'],
    ['an object in use', '55006'],
    ['a lock timeout', '55P03'],
    ['an unknown prepared statement', '26000'],
    ['a wrong password', '28P01'],
    ['a transaction aborted before', '25P02'],
    ['a read-only server', '25006'],
    ['a refused connection', 'ECONNREFUSED'],
    ['a broken connection', 'ECONNRESET'],
    ['a name that is not found', 'ENOTFOUND'],
    ['a code with something before it', 'X22001'],
    ['a code with something after it', '220011'],
    ['a code of the tables with something before it', 'X42P01'],
    ['a code of the tables with something after it', '42P011'],
    ['a code of lower case', '22p02'],
    ['a number', 22_001],
    ['no code', undefined],
  ])('%s is transient', (_, code) => {
    expect(classifyError(withCode(code))).toBe('transient');
  });

  it.each([
    ['a missing table', '42P01'],
    ['a missing column', '42703'],
    ['a column of another type', '42804'],
    ['a generated column', '428C9'],
    ['no key for ON CONFLICT', '42P10'],
    ['a deferrable key, or a view', '55000'],
    ['a table with rules', '0A000'],
    ['a missing privilege', '42501'],
    ['a missing schema', '3F000'],
  ])('%s is about the schema', (_, code) => {
    expect(classifyError(withCode(code))).toBe('schema');
  });

  it('a row that a row-level security policy refuses is permanent, although its SQLSTATE is that of a privilege', () => {
    expect(classifyError(Object.assign(withCode('42501'), { routine: 'ExecWithCheckOptions' }))).toBe('permanent');
  });

  it('another SQLSTATE from there is judged by itself', () => {
    expect(classifyError(Object.assign(withCode('40001'), { routine: 'ExecWithCheckOptions' }))).toBe('transient');
  });

  it('a plan that was cached before a table changed is transient', () => {
    expect(classifyError(Object.assign(withCode('0A000'), { routine: 'RevalidateCachedQuery' }))).toBe('transient');
  });

  it.each([undefined, null, 'text', 7, {}])('an unknown error is transient: %p', (thrown) => {
    expect(classifyError(thrown)).toBe('transient');
  });

  it('a SchemaError is about the schema', () => {
    expect(classifyError(new SchemaError('unfit'))).toBe('schema');
  });

  it('a PipelineError is permanent only when it must never be retried', () => {
    expect(classifyError(new InputError('PIPE_X', 'bad'))).toBe('permanent');
    expect(classifyError(new ConfigError('bad'))).toBe('transient');
    expect(classifyError(new PipelineError('PIPE_X', 'away', { retry: 'timed' }))).toBe('transient');
  });
});

describe('isInvalidValue', () => {
  it.each([
    ['a text that is no date', '22007'],
    ['a date that does not exist', '22008'],
    ['a text that is no number', '22P02'],
    ['a character that the encoding does not have', '22P05'],
    ['a character that no text can have', '22021'],
  ])('is true of %s', (_, code) => {
    expect(isInvalidValue(withCode(code))).toBe(true);
  });

  it('is false of what is no error of the database', () => {
    expect(isInvalidValue(undefined)).toBe(false);
  });

  it('is false of a value that does not fit a column, and of what the function of a trigger raised', () => {
    expect(isInvalidValue(withCode('22001'))).toBe(false);
    expect(isInvalidValue(Object.assign(withCode('22008'), { where: 'PL/pgSQL function f() line 1' }))).toBe(false);
  });
});

describe('sqlStateOf', () => {
  it('gives the code of an error that the database raised', () => {
    expect(sqlStateOf(withCode('23505'))).toBe('23505');
  });

  it.each([undefined, null, 'text', new Error('no code'), withCode(7)])('gives unknown for %p', (thrown) => {
    expect(sqlStateOf(thrown)).toBe('unknown');
  });
});
