import type { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { LambdaFunctionCaller } from '../../../../functions/adapters/lambda/lambda-function-caller.ts';

function callerOf(result: { Payload?: Uint8Array; FunctionError?: string }) {
  const commands: InvokeCommand[] = [];
  const send = async (command: InvokeCommand) => {
    commands.push(command);
    return result;
  };
  return { caller: new LambdaFunctionCaller({ send } as unknown as LambdaClient, 'redrive'), commands };
}

describe('LambdaFunctionCaller', () => {
  it('invokes the function with the event and returns its answer', async () => {
    const { caller, commands } = callerOf({ Payload: Buffer.from('{"redrive":null}') });
    expect(await caller.call({ action: 'show' })).toEqual({ redrive: null });
    expect(commands[0]?.input).toEqual({ FunctionName: 'redrive', Payload: Buffer.from('{"action":"show"}') });
  });

  it('fails with the message of a function that fails', async () => {
    const { caller } = callerOf({ Payload: Buffer.from('{"errorMessage":"no database"}'), FunctionError: 'Unhandled' });
    await expect(caller.call({})).rejects.toThrow('expected redrive to answer, but it failed: no database');
  });

  it('returns null for an empty answer', async () => {
    expect(await callerOf({}).caller.call({})).toBeNull();
  });
});
