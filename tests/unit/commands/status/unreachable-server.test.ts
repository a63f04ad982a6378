import { unreachableReason, unreachableRemedy } from '../../../../localstack/commands/status/unreachable-server.ts';

const named = (name: string, fields = {}) => Object.assign(new Error('it failed'), { name, ...fields });

it.each([
  ['a table that was deleted', named('ResourceNotFoundException')],
  ['a bucket that was deleted', named('NoSuchBucket')],
  ['a database that was dropped', named('error', { code: '3D000' })],
])('says that npm start creates %s', (_, error) => {
  expect(unreachableReason(error)).toBe('it failed');
  expect(unreachableRemedy(error, 'x.log')).toMatch(/npm start, which creates it/);
});

it.each([
  [named('TimeoutError'), 'it did not answer in time'],
  [new AggregateError([named('Error')]), 'it failed'],
  ['no', 'no'],
])('says where the log of a server is that does not respond', (error, reason) => {
  expect(unreachableReason(error)).toBe(reason);
  expect(unreachableRemedy(error, 'x.log')).toMatch(/within seconds.*x\.log$/);
});
