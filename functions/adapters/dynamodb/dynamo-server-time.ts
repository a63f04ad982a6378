import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * DynamoDB's time: the `Date` header of its latest response, advanced by the monotonic clock. So functions whose own
 * clocks differ can compare the times of the table's items.
 */
export class DynamoServerTime {
  #latest: { readonly serverMs: number; readonly atMs: number } | undefined;

  constructor(client: Pick<DynamoDBClient, 'middlewareStack'>) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#recordResponse(result.response);
        return result;
      },
      // Inside the SDK's deserializer, which throws on an error response: its header counts too.
      { step: 'deserialize', priority: 'low' },
    );
  }

  /** Whether a response has said the time. Until then, `now` is the clock of this process. */
  get isKnown(): boolean {
    return this.#latest !== undefined;
  }

  now(): Date {
    const { serverMs, atMs } = this.#latest ?? { serverMs: Date.now(), atMs: performance.now() };
    return new Date(serverMs + performance.now() - atMs);
  }

  #recordResponse(response: unknown): void {
    const { headers = {} } = (response ?? {}) as { headers?: Record<string, string> };
    const [, date = ''] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'date') ?? [];
    const serverMs = Date.parse(date);
    if (!Number.isNaN(serverMs)) this.#latest = { serverMs, atMs: performance.now() };
  }
}
