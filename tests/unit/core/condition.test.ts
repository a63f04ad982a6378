import { describeFailure, failureReason } from '../../../functions/core/condition.ts';
import { ConfigError } from '../../../functions/core/errors.ts';

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

it('has the code and the message of our own errors', () => {
  expect(describeFailure('poll-changes', new ConfigError('expected a table, found none'))).toEqual({
    code: 'PIPE_CONFIG',
    message: 'expected a table, found none',
  });
});

it.each([
  ['a refused connection', withCode('connect ECONNREFUSED 127.0.0.1:5434', 'ECONNREFUSED'), '127.0.0.1:5434;'],
  ['an SQLSTATE', withCode('permission denied for table employees', '42501'), 'table employees (42501);'],
  ['no message', new AggregateError([withCode('connect ECONNREFUSED ::1:1', 'ECONNREFUSED')]), 'ECONNREFUSED ::1:1;'],
  ['a thrown text', 'no', 'retried: no;'],
])('names the function and the reason of a failure with %s', (_, error, reason) => {
  const { code, message } = describeFailure('apply-changes', error);
  expect(code).toBe('PIPE_RETRYING');
  expect(message).toMatch(/^apply-changes fails and is retried: /);
  expect(message).toContain(reason);
});

it('points to the log of the function when nothing else is known', () => {
  expect(describeFailure('apply-changes', new Error('no')).message).toMatch(
    /; if .* the log of apply-changes says more$/,
  );
});

it('gives the message of several errors at once, or else that of each', () => {
  const errors = [new Error('first'), new Error('second')];
  expect(failureReason(new AggregateError(errors))).toBe('first; second');
  expect(failureReason(new AggregateError(errors, 'all have failed'))).toBe('all have failed');
  expect(failureReason(new Error(''))).toBe('');
});

it.each([
  ['53100', 'disk'],
  ['25006', 'read-only; connect to the primary, or run alter database NAME reset default_transaction_read_only'],
  ['28P01', 'correct the password'],
  ['3D000', 'create the database'],
  ['53200', 'out of memory; reduce its load'],
  ['53300', 'no connection left; end sessions'],
  ['55P03', 'select pg_terminate_backend(PID)'],
  ['57014', 'pg_blocking_pids'],
])('says what mends SQLSTATE %s', (code, remedy) => {
  const { message } = describeFailure('load-salaries', withCode('could not extend file', code));
  expect(message).toContain(remedy);
  expect(message).not.toContain('the log');
});

it('names the constraint that refuses a value', () => {
  const error = Object.assign(withCode('no "Ada"', '23514'), { table: 'employees', constraint: 'short' });
  expect(failureReason(error)).toBe(
    'the database refuses a value with SQLSTATE 23514, constraint short of table employees',
  );
});

it.each(['22001', '23514', 'P0001'])('does not repeat a message of SQLSTATE %s, which may quote the row', (code) => {
  const { message } = describeFailure('load-salaries', withCode('Failing row contains (Ada, 123456)', code));
  expect(message).toContain(code);
  expect(message).not.toContain('123456');
});
