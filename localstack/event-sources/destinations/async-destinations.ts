import type { Logger } from '../logger.ts';
import type { AsyncCondition, AsyncFunction, AsyncOutcomeSink, QueuedEvent } from '../model/async-invocation.ts';
import type { InvocationOutcome } from '../model/invocation.ts';
import { qualifiedArn } from '../model/target-function.ts';
import { deadLetterAttributes } from './dead-letter-attributes.ts';
import { destinationObjectKey } from './object-key.ts';
import { requestIdOf } from './request-id.ts';
import type { Sender } from './sender.ts';

/** Sends the outcome of asynchronous invocations to their destinations, and failed events to the dead letter queue. */
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
    lastOutcome?: InvocationOutcome,
  ): Promise<void> {
    const { onSuccess, onFailure, deadLetterTarget } = target.asynchronous;
    const destination = condition === 'Success' ? onSuccess : onFailure;
    const failed = condition !== 'Success';
    if (failed && onFailure === undefined && deadLetterTarget === undefined) {
      this.#log.warn('asynchronous event dropped; set destinations.onFailure to keep track of dropped events', {
        function: target.name,
        condition,
        attempts: event.attempts,
      });
    }
    const time = new Date();
    const key = destinationObjectKey(`async/${target.name}`, time);
    const deliveries: Promise<void>[] = [];
    if (destination !== undefined) {
      // The record of an event that has become too old has no response.
      const outcome = condition === 'EventAgeExceeded' ? undefined : lastOutcome;
      const record = JSON.stringify(outcomeRecord(target, event, condition, outcome, time));
      deliveries.push(this.#sender.send(destination, record, key));
    }
    // The dead letter queue gets the bare event, in addition to any destination.
    if (failed && deadLetterTarget !== undefined) {
      deliveries.push(
        this.#sender.send(deadLetterTarget, event.payload, key, deadLetterAttributes(event, lastOutcome)),
      );
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
  const response = outcome !== undefined && outcome.kind !== 'notInvoked' ? outcome : undefined;
  return {
    version: '1.0',
    timestamp: time.toISOString(),
    requestContext: {
      requestId: requestIdOf(event),
      functionArn: qualifiedArn(target),
      condition,
      approximateInvokeCount: condition === 'Success' ? event.attempts + 1 : event.attempts,
    },
    requestPayload: JSON.parse(event.payload) as unknown,
    ...(response !== undefined && {
      responseContext: {
        statusCode: response.statusCode,
        executedVersion: '$LATEST',
        ...(response.kind === 'functionError' && { functionError: response.functionError }),
      },
      responsePayload: parseBody(response.body),
    }),
  };
}

function parseBody(body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
