import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { FunctionCaller } from '../../ports/function-caller.ts';

export class LambdaFunctionCaller implements FunctionCaller {
  readonly #client: LambdaClient;
  readonly #functionName: string;

  constructor(client: LambdaClient, functionName: string) {
    this.#client = client;
    this.#functionName = functionName;
  }

  async call(event: object): Promise<unknown> {
    const { Payload: payload, FunctionError: isError } = await this.#client.send(
      new InvokeCommand({ FunctionName: this.#functionName, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const answer = JSON.parse(payload === undefined ? 'null' : Buffer.from(payload).toString('utf8')) as unknown;
    if (isError === undefined) return answer;
    const { errorMessage } = (answer ?? {}) as { errorMessage?: string };
    throw new Error(`expected ${this.#functionName} to answer, but it failed: ${errorMessage ?? isError}`);
  }
}
