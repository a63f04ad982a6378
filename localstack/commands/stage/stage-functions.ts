import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describeAwsError } from './aws-error.ts';
import type { Functions } from './functions.ts';

const SERVICE = 'employee-streams';

/** A function that every stage has had since the first version. */
const OLDEST_FUNCTION = 'provision';

/** An invocation takes up to 15 minutes. */
const TIMEOUTS = { requestHandler: { connectionTimeout: 5_000, requestTimeout: 910_000 } };

const SYNCHRONOUS = 'RequestResponse';

/** The functions of a deployed stage, invoked with the operator's credentials through the API of Lambda. */
export class StageFunctions implements Functions {
  readonly #client: LambdaClient;
  readonly #stage: string;

  constructor(stage: string, region: string | undefined) {
    this.#stage = stage;
    this.#client = new LambdaClient({ ...TIMEOUTS, ...(region !== undefined && { region }) });
  }

  async invoke(name: string, event: unknown): Promise<unknown> {
    const { FunctionError: failure, Payload: payload } = await this.#send(name, event, SYNCHRONOUS);
    const text = payload === undefined ? '' : Buffer.from(payload).toString('utf8');
    if (failure !== undefined) throw new Error(this.#describeFailure(name, text));
    return text === '' ? undefined : JSON.parse(text);
  }

  async invokeAsync(name: string, event: unknown): Promise<void> {
    await this.#send(name, event, 'Event');
  }

  close(): void {
    this.#client.destroy();
  }

  async #send(name: string, event: unknown, type: 'RequestResponse' | 'Event') {
    try {
      return await this.#client.send(
        new InvokeCommand({
          FunctionName: this.#nameOf(name),
          InvocationType: type,
          Payload: Buffer.from(JSON.stringify(event)),
        }),
      );
    } catch (cause) {
      throw new Error(await this.#describe(name, cause as Error), { cause });
    }
  }

  async #describe(name: string, cause: Error): Promise<string> {
    const functionName = this.#nameOf(name);
    const region = await this.#client.config.region().catch(() => undefined);
    if (isMissing(cause)) {
      const where = region === undefined ? '' : ` in region ${region}`;
      if (name === OLDEST_FUNCTION || (await this.#isMissing(OLDEST_FUNCTION))) {
        return `There is no stage ${this.#stage}${where}: check --stage and --region, or deploy it with npm run deploy -- --stage ${this.#stage}`;
      }
      return `Stage ${this.#stage}${where} has no function ${functionName}: deploy this version with npm run deploy -- --stage ${this.#stage}`;
    }
    const request = { what: `function ${functionName}`, action: 'lambda:InvokeFunction', stage: this.#stage, region };
    return (
      describeAwsError(cause, request) ?? `Function ${functionName} was not invoked: ${cause.message || cause.name}`
    );
  }

  /** Asks whether it could be invoked, and does not invoke it. */
  async #isMissing(name: string): Promise<boolean> {
    const command = new InvokeCommand({ FunctionName: this.#nameOf(name), InvocationType: 'DryRun' });
    return this.#client.send(command).then(() => false, isMissing);
  }

  #describeFailure(name: string, text: string): string {
    const functionName = this.#nameOf(name);
    const { errorMessage = text, errorType } = parseFailure(text);
    if (errorType === 'Sandbox.Timedout' || /Task timed out after/.test(errorMessage)) {
      return (
        `Function ${functionName} did not finish in its time: its log in /aws/lambda/${functionName} says what it waited for. ` +
        'Repeat the command.'
      );
    }
    return `Function ${functionName} failed: ${errorMessage}`;
  }

  #nameOf(name: string): string {
    return `${SERVICE}-${this.#stage}-${name}`;
  }
}

function isMissing(error: Error): boolean {
  return error.name === 'ResourceNotFoundException' || statusOf(error) === 404;
}

function statusOf(error: Error): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function parseFailure(text: string): { readonly errorMessage?: string; readonly errorType?: string } {
  try {
    return (JSON.parse(text) ?? {}) as { errorMessage?: string; errorType?: string };
  } catch {
    return {};
  }
}
