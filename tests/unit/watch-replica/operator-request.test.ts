import { answerOperator, decodeOperatorRequest } from '../../../functions/watch-replica/operator-request.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';

const SCHEDULED = { 'detail-type': 'Scheduled Event', source: 'aws.events' };

it('takes only an event with an action for an operator’s', () => {
  expect([SCHEDULED, {}, null].map(decodeOperatorRequest)).toEqual([null, null, null]);
  expect(decodeOperatorRequest({ action: 'describe' })).toEqual({ action: 'describe' });
  expect(() => decodeOperatorRequest({ action: 'drop' })).toThrow(
    'expected the action describe or resnapshot, found "drop"',
  );
});

it('tells the bucket and the poller, and requests a snapshot only when it is asked to', async () => {
  const ledger = new InMemoryPollerLedger();
  const operator = { bucket: 'files', ledger };
  await ledger.tryAcquire(null, 'me');
  expect(await answerOperator(operator, { action: 'describe' }, 'a')).toMatchObject({
    ...{ bucket: 'files', poller: { owner: 'me', resnapshotToken: null } },
  });
  expect(await answerOperator(operator, { action: 'resnapshot' }, 'b')).toMatchObject({
    poller: { resnapshotToken: 'b', resnapshotReason: null },
  });
});
