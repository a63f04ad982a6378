import { deadLetterAttributes } from '../../../../localstack/event-sources/destinations/dead-letter-attributes.ts';
import type { InvocationOutcome } from '../../../../localstack/event-sources/model/invocation.ts';

const event = {
  id: '001795341600000-6357e0b2-0e6a-4b3c-a0b4-70df934c2e31',
  functionName: 'fn',
  payload: '{}',
  enqueuedAt: 0,
  attempts: 3,
};
const failed = (body: string): InvocationOutcome => ({
  kind: 'functionError',
  statusCode: 200,
  functionError: 'Unhandled',
  body,
  requestId: 'r',
});
const errorOf = (message: string) => failed(JSON.stringify({ errorMessage: message, errorType: 'Error' }));
const notInvoked = (statusCode: number | undefined): InvocationOutcome => ({
  kind: 'notInvoked',
  ...(statusCode !== undefined && { statusCode }),
  throttled: false,
  reason: 'Rate exceeded',
  requestId: 'r',
});
const messageOf = (outcome: InvocationOutcome) => deadLetterAttributes(event, outcome)['ErrorMessage']?.StringValue;

test('[documented] dead letter attributes: RequestID, ErrorCode and ErrorMessage, with their types', () => {
  expect(deadLetterAttributes(event, errorOf('broken'))).toEqual({
    RequestID: { DataType: 'String', StringValue: '6357e0b2-0e6a-4b3c-a0b4-70df934c2e31' },
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    ErrorMessage: { DataType: 'String', StringValue: 'broken' },
  });
});

test.each<[string, InvocationOutcome, string | undefined]>([
  ['text that is not JSON', failed('Runtime exited'), 'Runtime exited'],
  ['JSON without a message', failed('{"code":1}'), '{"code":1}'],
  ['JSON that is null', failed('null'), 'null'],
  ['an empty message', errorOf(''), undefined],
  ['a service error', notInvoked(503), 'Rate exceeded'],
  ['characters that SQS refuses', errorOf('a\u0000b\uFFFEc\td\n'), 'a\uFFFDb\uFFFDc\td\n'],
])('[inferred] dead letter attributes: the ErrorMessage of %s', (_name, outcome, expected) => {
  expect(messageOf(outcome)).toBe(expected);
});

test.each([
  ['x'.repeat(2_000), 1_024, 1_024],
  ['ü'.repeat(600), 512, 1_024],
  [`x${'ü'.repeat(600)}`, 512, 1_023],
  ['\u{1F600}'.repeat(300), 512, 1_024],
])('[documented] dead letter attributes: the first KB of the message, in whole characters', (message, units, bytes) => {
  const cut = messageOf(errorOf(message)) ?? '';
  expect(message.startsWith(cut)).toBe(true);
  expect([cut.length, Buffer.byteLength(cut)]).toEqual([units, bytes]);
});

test('[inferred] dead letter attributes: without a status or an attempt, what is known', () => {
  expect(Object.keys(deadLetterAttributes(event, notInvoked(undefined)))).toEqual(['RequestID', 'ErrorMessage']);
  expect(Object.keys(deadLetterAttributes(event, undefined))).toEqual(['RequestID']);
});
