import { readSnapshotReason } from '../../../functions/core/snapshot-reason.ts';

it('reads a reason', () => {
  expect(readSnapshotReason('{"code":"PIPE_X","message":"m","more":1}')).toEqual({ code: 'PIPE_X', message: 'm' });
});

it.each(['', 'null', '{', '7', '{"code":"X","message":"m"}', '{"code":"PIPE_X"}'])('takes %j for no reason', (json) => {
  expect(readSnapshotReason(json)).toBeUndefined();
});
