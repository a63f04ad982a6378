import { randomUUID } from 'node:crypto';
import type { InvocationOutcome, InvocationRequest, Invoker } from '../model/invocation.ts';

/** Turns each rejection of an invoker that others have written into a function error, which the event sources retry. */
export class NonRejectingInvoker implements Invoker {
  readonly #invoker: Invoker;

  constructor(invoker: Invoker) {
    this.#invoker = invoker;
  }

  async invoke(request: InvocationRequest): Promise<InvocationOutcome> {
    try {
      return await this.#invoker.invoke(request);
    } catch (error) {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      const body = JSON.stringify({ errorMessage: message, errorType: name, trace: (stack ?? '').split('\n') });
      return { kind: 'functionError', statusCode: 200, functionError: 'Unhandled', body, requestId: randomUUID() };
    }
  }
}
