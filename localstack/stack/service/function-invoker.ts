import { setTimeout as delay } from 'node:timers/promises';

/** Invokes functions by Lambda's own Invoke API, wherever that is served. */
export class FunctionInvoker {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves when it answers anything at all. @throws after `timeoutMs`. */
  async waitUntilUp(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const failure = await fetch(this.#url, { signal }).then(
        async (response) => void (await response.arrayBuffer()),
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      signal.throwIfAborted();
      if (Date.now() > deadline) {
        throw new Error(`${this.#url} does not serve functions after ${timeoutMs / 1000} s`, { cause: failure });
      }
      await delay(50, undefined, { signal });
    }
  }

  /** Invokes and waits for the result. @throws with the function's own message when it fails, or when aborted. */
  async invoke(functionName: string, event: unknown, signal?: AbortSignal): Promise<unknown> {
    const response = await fetch(`${this.#url}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, {
      method: 'POST',
      headers: { 'x-amz-invocation-type': 'RequestResponse' },
      body: JSON.stringify(event),
      ...(signal !== undefined && { signal }),
    });
    const text = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) {
      throw new Error(`${functionName} failed: ${errorMessage(text)}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  }
}

function errorMessage(answer: string): string {
  try {
    const { errorMessage, Message } = JSON.parse(answer) as { errorMessage?: string; Message?: string };
    return errorMessage ?? Message ?? answer;
  } catch {
    return answer;
  }
}
