import type {
  InvocationOutcome,
  InvocationRequest,
  Invoker,
} from '../../../localstack/event-sources/model/invocation.ts';
import { ClaimCheck, type JsonText } from '../../../localstack/event-sources/runner/claim-check.ts';

const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: 'null', requestId: 'one' };

/** What the Invoke API would do with the event that arrives there. */
function claimsWith(onEvent: (event: unknown, request: InvocationRequest) => InvocationOutcome): ClaimCheck {
  const invoker: Invoker = { invoke: async (request) => onEvent(JSON.parse(request.payload), request) };
  return new ClaimCheck(invoker);
}

const payload = JSON.stringify({ records: { 'orders-0': [{ value: 'eA==', headers: [{ ü: [-61] }] }] } });
const request: InvocationRequest = { functionName: 'load', payload, payloadBytes: 79, timeoutSeconds: 3 };

test('the function gets the payload, the Invoke API a few bytes that stand for it', async () => {
  let redeemed: unknown;
  let sent: InvocationRequest | undefined;
  const claims = claimsWith((event, received) => {
    sent = received;
    redeemed = claims.redeem(event);
    return success;
  });

  expect(await claims.invoke(request)).toBe(success);

  expect(sent).toMatchObject({ functionName: 'load', timeoutSeconds: 3 });
  expect(sent?.payload.length).toBeLessThan(100);
  expect(sent?.payloadBytes).toBeUndefined();
  expect((redeemed as JsonText).text).toBe(payload);
  // Runners that are no threads write the event as JSON themselves.
  expect(JSON.stringify(redeemed)).toBe(payload);
});

test('invocations at the same time do not mix up their payloads', async () => {
  const claims = claimsWith((event) => ({ ...success, body: (claims.redeem(event) as JsonText).text }));
  const outcomes = await Promise.all(
    ['{"n":1}', '{"n":2}'].map((text) => claims.invoke({ ...request, payload: text })),
  );
  expect(outcomes).toEqual([
    { ...success, body: '{"n":1}' },
    { ...success, body: '{"n":2}' },
  ]);
});

test('a claim is worth nothing once the invocation has ended, however it ended', async () => {
  const failure: InvocationOutcome = { kind: 'notInvoked', throttled: true, reason: 'busy', requestId: 'one' };
  let late: unknown;
  const claims = claimsWith((event) => {
    late = event;
    return failure;
  });
  expect(await claims.invoke(request)).toBe(failure);
  expect(claims.redeem(late)).toBe(late);
});

test.each([[{}], [null], ['text'], [7], [[]], [{ 'eventSources:payload': 'of nobody' }]])(
  'an event that claims nothing stays as it is: %j',
  (event) => {
    expect(claimsWith(() => success).redeem(event)).toBe(event);
  },
);
