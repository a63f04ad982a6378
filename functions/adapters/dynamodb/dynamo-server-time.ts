import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * The time of DynamoDB, as the latest response to a client says, so that all who compare times of a table's items have the
 * same clock, whatever their own show.
 */
export class DynamoServerTime {
  #latest: { readonly serverMs: number; readonly atMs: number } | undefined;

  constructor(client: Pick<DynamoDBClient, 'middlewareStack'>) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#note(result.response);
        return result;
      },
      // Below the SDK's own step, which throws when the response is an error.
      { step: 'deserialize', priority: 'low' },
    );
  }

  /** Whether there was a response. Before it, `now` is the clock of this process. */
  get isKnown(): boolean {
    return this.#latest !== undefined;
  }

  now(): Date {
    const { serverMs, atMs } = this.#latest ?? { serverMs: Date.now(), atMs: performance.now() };
    return new Date(serverMs + performance.now() - atMs);
  }

  #note(response: unknown): void {
    const { headers = {} } = (response ?? {}) as { headers?: Record<string, string> };
    const [, date = ''] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'date') ?? [];
    const serverMs = Date.parse(date);
    if (!Number.isNaN(serverMs)) this.#latest = { serverMs, atMs: performance.now() };
  }
}
