import { readSnapshotReason, snapshotReasonOf } from '../../../functions/core/snapshot-reason.ts';

it('reads a reason', () => {
  expect(readSnapshotReason('{"code":"PIPE_X","message":"m","more":1}')).toEqual({ code: 'PIPE_X', message: 'm' });
});

it.each([
  ...['', 'null', '{', '7', '"PIPE_X"', '{}', '{"code":"X","message":"m"}', '{"code":"X_PIPE_","message":"m"}'],
  ...['{"code":"PIPE_X"}', '{"code":7,"message":"m"}', '{"code":"PIPE_X","message":7}'],
])('takes %j for no reason', (json) => {
  expect(readSnapshotReason(json)).toBeUndefined();
});

it.each([undefined, null, 'PIPE_X', ['PIPE_X', 'm']])('takes the value %j for no reason', (value) => {
  expect(snapshotReasonOf(value)).toBeUndefined();
});
