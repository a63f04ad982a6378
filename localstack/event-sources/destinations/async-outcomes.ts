import type { Logger } from '../logger.ts';
import type { AsyncCondition, AsyncFunction, AsyncOutcomeSink, QueuedEvent } from '../model/async-invocation.ts';
import type { InvocationOutcome } from '../model/invocation.ts';
import { failureObjectKey, type Sender } from './sender.ts';

/** Tells the destinations of asynchronous invocations, and the dead letter queue, how an event ended. */
export class AsyncDestinations implements AsyncOutcomeSink {
  readonly #sender: Sender;
  readonly #log: Logger;

  constructor(sender: Sender, log: Logger) {
    this.#sender = sender;
    this.#log = log;
  }

  async ended(
    target: AsyncFunction,
    event: QueuedEvent,
    condition: AsyncCondition,
    outcome?: InvocationOutcome,
  ): Promise<void> {
    const { onSuccess, onFailure, deadLetterTarget } = target.asynchronous;
    const destination = condition === 'Success' ? onSuccess : onFailure;
    const failed = condition !== 'Success';
    if (failed && onFailure === undefined && deadLetterTarget === undefined) {
      this.#log.warn('asynchronous event given up; name destinations.onFailure to keep track of such events', {
        function: target.name,
        condition,
        attempts: event.attempts,
      });
    }
    const time = new Date();
    const key = failureObjectKey(`async/${target.name}`, time);
    const deliveries: Promise<void>[] = [];
    if (destination !== undefined) {
      const record = JSON.stringify(outcomeRecord(target, event, condition, outcome, time));
      deliveries.push(this.#sender.send(destination, record, key));
    }
    // The dead letter queue gets the bare event, beside any destination.
    if (failed && deadLetterTarget !== undefined) {
      deliveries.push(this.#sender.send(deadLetterTarget, event.payload, key));
    }
    await Promise.all(deliveries);
  }
}

function outcomeRecord(
  target: AsyncFunction,
  event: QueuedEvent,
  condition: AsyncCondition,
  outcome: InvocationOutcome | undefined,
  time: Date,
) {
  const answered = outcome !== undefined && outcome.kind !== 'notInvoked' ? outcome : undefined;
  return {
    version: '1.0',
    timestamp: time.toISOString(),
    requestContext: {
      // Lambda keeps one request id over the retries of an event.
      requestId: event.id.slice(event.id.indexOf('-') + 1),
      functionArn: `${target.arn}:$LATEST`,
      condition,
      approximateInvokeCount: condition === 'Success' ? event.attempts + 1 : event.attempts,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    ...(answered !== undefined && {
      responseContext: {
        statusCode: answered.statusCode,
        executedVersion: '$LATEST',
        ...(answered.kind === 'functionError' && { functionError: answered.functionError }),
      },
      responsePayload: parsed(answered.body),
    }),
  };
}

function parsed(body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
