import { ConfigError, InputError, needsOperator, PipelineError, SchemaError } from '../../../functions/core/errors.ts';

const cause = new Error('below');

test('an InputError has class, code, context and cause, and is never retried', () => {
  expect(new InputError('PIPE_X', 'expected this', { line: 3 }, cause)).toMatchObject({
    name: 'InputError',
    code: 'PIPE_X',
    retry: 'never',
    message: 'expected this',
    context: { line: 3 },
    cause,
  });
});

test('a ConfigError waits for an operator', () => {
  expect(new ConfigError('expected that', cause)).toMatchObject({
    name: 'ConfigError',
    code: 'PIPE_CONFIG',
    retry: 'manual',
    context: {},
    cause,
  });
});

test('a SchemaError waits for an operator, and says where', () => {
  const context = { table: 'employees' };
  expect(new SchemaError('expected a key', context, cause)).toMatchObject({
    ...{ name: 'SchemaError', code: 'PIPE_TARGET_SCHEMA', retry: 'manual', message: 'expected a key', context, cause },
  });
  expect(new SchemaError('expected a key').context).toEqual({});
});

test('an error without a cause has no such property, so that logs show none', () => {
  expect(new InputError('PIPE_X', 'expected this')).not.toHaveProperty('cause');
});

test('only a PipelineError with manual retry needs an operator', () => {
  expect(needsOperator(new ConfigError('expected that'))).toBe(true);
  expect(needsOperator(new PipelineError('PIPE_X', 'away', { retry: 'manual' }))).toBe(true);
  expect(needsOperator(new PipelineError('PIPE_X', 'away', { retry: 'timed' }))).toBe(false);
  expect(needsOperator(new InputError('PIPE_X', 'bad'))).toBe(false);
  expect(needsOperator(Object.assign(new Error('other'), { retry: 'manual' }))).toBe(false);
});
