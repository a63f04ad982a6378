import type { QueuedEvent } from '../model/async-invocation.ts';
import type { InvocationOutcome } from '../model/invocation.ts';
import { requestIdOf } from './request-id.ts';

/** The attributes of a message, as the APIs of SQS and SNS take them. */
export type MessageAttributes = Readonly<
  Record<string, { readonly DataType: 'String' | 'Number'; readonly StringValue: string }>
>;

const MAX_MESSAGE_BYTES = 1_024;
/** Characters that SQS refuses in the value of an attribute. */
const REFUSED_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/**
 * What Lambda adds to an event in a dead letter queue: RequestID, ErrorCode (the HTTP status) and ErrorMessage (the first
 * KB). See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html. An attribute without a value is
 * left out, because SQS refuses an empty one.
 */
export function deadLetterAttributes(
  event: QueuedEvent,
  lastOutcome: InvocationOutcome | undefined,
): MessageAttributes {
  const message = errorMessageOf(lastOutcome);
  const statusCode = lastOutcome?.statusCode;
  return {
    RequestID: { DataType: 'String', StringValue: requestIdOf(event) },
    ...(statusCode !== undefined && { ErrorCode: { DataType: 'Number', StringValue: String(statusCode) } }),
    ...(message !== '' && { ErrorMessage: { DataType: 'String', StringValue: message } }),
  };
}

function errorMessageOf(outcome: InvocationOutcome | undefined): string {
  if (outcome === undefined) return '';
  const text = outcome.kind === 'notInvoked' ? outcome.reason : errorMessageIn(outcome.body);
  const bytes = Buffer.from(text.replace(REFUSED_CHARACTERS, '\u{FFFD}'));
  // With `stream`, the decoder leaves out a character that the limit has cut.
  return new TextDecoder().decode(bytes.subarray(0, MAX_MESSAGE_BYTES), { stream: true });
}

/** The body of a failed invocation is the error as JSON; a runtime may also send other text. */
function errorMessageIn(body: string): string {
  try {
    const { errorMessage } = JSON.parse(body) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : body;
  } catch {
    return body;
  }
}
