import { NonRejectingInvoker } from '../../../../localstack/event-sources/invoke/non-rejecting-invoker.ts';
import type { InvocationOutcome } from '../../../../localstack/event-sources/model/invocation.ts';

const request = { functionName: 'fn', payload: '{}' };

test('an outcome stays as it is', async () => {
  const outcome: InvocationOutcome = { kind: 'notInvoked', throttled: true, reason: 'busy', requestId: '1' };
  expect(await new NonRejectingInvoker({ invoke: async () => outcome }).invoke(request)).toBe(outcome);
});

test.each([
  ['a rejection', async () => Promise.reject(new TypeError('no such table'))],
  [
    'an exception',
    () => {
      throw new TypeError('no such table');
    },
  ],
])('%s is a function error', async (_name, invoke) => {
  const outcome = await new NonRejectingInvoker({ invoke }).invoke(request);
  expect(outcome).toMatchObject({ kind: 'functionError', functionError: 'Unhandled', requestId: expect.any(String) });
  expect(JSON.parse((outcome as { body: string }).body)).toMatchObject({
    errorMessage: 'no such table',
    errorType: 'TypeError',
  });
});
