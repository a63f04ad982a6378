import { request } from 'node:http';
import { text } from 'node:stream/consumers';
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
    const { isAccepted, hasFailed, body } = await this.#post('RequestResponse', functionName, event, signal);
    if (!isAccepted || hasFailed) throw new Error(`${functionName} failed: ${functionErrorMessage(body)}`);
    return body === '' ? undefined : JSON.parse(body);
  }

  /** Resolves when the invocation is queued. It runs even if this process ends. @throws when the API refuses it. */
  async invokeAsync(functionName: string, event: unknown): Promise<void> {
    const { isAccepted, body } = await this.#post('Event', functionName, event);
    if (!isAccepted) throw new Error(`${functionName} was not invoked: ${functionErrorMessage(body)}`);
  }

  /** Not with `fetch`, which fails after 300 seconds without an answer: a function may run for 15 minutes. */
  #post(
    type: 'RequestResponse' | 'Event',
    functionName: string,
    event: unknown,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const url = `${this.#url}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`;
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          headers: { 'content-type': 'text/plain;charset=UTF-8', 'x-amz-invocation-type': type },
          // A connection of its own: one that was kept may belong to functions that have ended.
          agent: false,
          ...(signal !== undefined && { signal }),
        },
        (response) => {
          const { statusCode = 500, headers } = response;
          text(response).then(
            (body) =>
              resolve({
                isAccepted: statusCode >= 200 && statusCode < 300,
                hasFailed: headers['x-amz-function-error'] !== undefined,
                body,
              }),
            reject,
          );
        },
      );
      sent.on('error', reject);
      sent.end(JSON.stringify(event));
    });
  }
}

interface Answer {
  readonly isAccepted: boolean;
  /** Whether the function, and not the API, says that it failed. */
  readonly hasFailed: boolean;
  readonly body: string;
}

function functionErrorMessage(body: string): string {
  try {
    const { errorMessage, Message } = JSON.parse(body) as { errorMessage?: string; Message?: string };
    return errorMessage ?? Message ?? body;
  } catch {
    return body;
  }
}
