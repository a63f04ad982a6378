import { randomUUID } from 'node:crypto';
import type { InvocationOutcome, InvocationRequest, Invoker } from '../model/invocation.ts';
import { EventText } from './event-text.ts';
import { PythonError } from './python-process.ts';

/** An instance of a function, as serverless-offline pools them: idle, or running one invocation. */
export interface OfflineFunction {
  setClientContext(clientContext: unknown): void;
  setEvent(event: unknown): void;
  /** Marks the instance as busy before it returns. Rejects with the function's error. */
  runHandler(): Promise<unknown>;
}

/** The methods of `Lambda`, the class that serverless-offline exports, that an invocation needs. */
export interface OfflineLambda {
  listFunctionNames(): readonly string[];
  /** An idle instance of the function; a new one when all are busy. */
  getByFunctionName(name: string): OfflineFunction;
}

export interface InProcessInvokerOptions {
  /** Whether handlers run in this thread (`useInProcess`), which then needs the event as an object. */
  readonly handlersShareThread: boolean;
}

/**
 * Invokes the functions of serverless-offline in its own process, without its HTTP server. Outcomes are those of the
 * Invoke API. serverless-offline enforces the function's timeout.
 */
export class InProcessInvoker implements Invoker {
  readonly #lambda: OfflineLambda;
  readonly #handlersShareThread: boolean;

  constructor(lambda: OfflineLambda, options: InProcessInvokerOptions) {
    this.#lambda = lambda;
    this.#handlersShareThread = options.handlersShareThread;
  }

  /** The qualifier is not passed on, because serverless-offline has one version of each function. */
  async invoke({ functionName, payload }: InvocationRequest): Promise<InvocationOutcome> {
    const requestId = randomUUID();
    if (!this.#lambda.listFunctionNames().includes(functionName)) {
      const reason = `function not found: ${functionName}`;
      return { kind: 'notInvoked', statusCode: 404, throttled: false, reason, requestId };
    }
    try {
      // Nothing may be awaited between choosing the instance and running it: another invocation could choose it as well.
      const instance = this.#lambda.getByFunctionName(functionName);
      instance.setClientContext(undefined);
      instance.setEvent(this.#handlersShareThread ? JSON.parse(payload) : new EventText(payload));
      const body = JSON.stringify((await instance.runHandler()) ?? null);
      return { kind: 'success', statusCode: 200, body, requestId };
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      // serverless-offline loses the class of an error between threads, and its Invoke API answers with "Error" too.
      const errorType = error instanceof PythonError ? error.errorType : 'Error';
      const body = JSON.stringify({ errorMessage: message, errorType, trace: (stack ?? '').split('\n') });
      return { kind: 'functionError', statusCode: 200, functionError: 'Unhandled', body, requestId };
    }
  }
}
