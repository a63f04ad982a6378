import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 50;

/** Invokes functions through the Invoke API of Lambda. */
export class FunctionInvoker {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves when the API answers any request. @throws after `timeoutMs`, or when aborted. */
  async waitUntilReachable(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const failure = await fetch(this.#url, { signal }).then(
        async (response) => void (await response.arrayBuffer()),
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new Error(`${this.#url} did not serve functions within ${timeoutMs / 1000} s.`, { cause: failure });
      }
      await delay(POLL_INTERVAL_MS, undefined, { signal });
    }
  }

  /** Invokes a function and returns its result. @throws with the function's error message when it fails. */
  async invoke(functionName: string, event: unknown, signal?: AbortSignal): Promise<unknown> {
    const response = await this.#post('RequestResponse', functionName, event, signal);
    const body = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) {
      throw new Error(`${functionName} failed: ${functionErrorMessage(body)}`);
    }
    return body === '' ? undefined : JSON.parse(body);
  }

  /** Resolves when the invocation is queued. It runs even if this process ends. @throws when the API refuses it. */
  async invokeAsync(functionName: string, event: unknown): Promise<void> {
    const response = await this.#post('Event', functionName, event);
    const body = await response.text();
    if (!response.ok) throw new Error(`${functionName} was not invoked: ${functionErrorMessage(body)}`);
  }

  #post(type: 'RequestResponse' | 'Event', functionName: string, event: unknown, signal?: AbortSignal) {
    return fetch(`${this.#url}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, {
      method: 'POST',
      headers: { 'x-amz-invocation-type': type },
      body: JSON.stringify(event),
      ...(signal !== undefined && { signal }),
    });
  }
}

function functionErrorMessage(body: string): string {
  try {
    const { errorMessage, Message } = JSON.parse(body) as { errorMessage?: string; Message?: string };
    return errorMessage ?? Message ?? body;
  } catch {
    return body;
  }
}
