import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** Queues events for one function, which Lambda then invokes by itself, with two retries. */
export class AsyncInvoker {
  readonly #client: LambdaClient;
  readonly #functionName: string;

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client;
    this.#functionName = functionName;
  }

  /** Resolves when Lambda has taken the event over; what becomes of it is Lambda's business from then on. */
  async invoke(event: unknown): Promise<void> {
    await this.#client.send(
      new InvokeCommand({
        FunctionName: this.#functionName,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
  }
}
