import type { Context } from 'aws-lambda';
import { InputError } from '../../../functions/core/errors.ts';
import { createHandler } from '../../../functions/runtime/handler.ts';
import { METRIC } from '../../../functions/runtime/metrics.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context: Context = lambdaContext('employee-streams-dev-example');

describe('a handler', () => {
  it('connects once for several invocations', async () => {
    const connect = jest.fn(async () => 'connection');
    const handler = createHandler({
      name: 'example',
      connect,
      handle: async (connection: string, event: number) => `${connection} ${event}`,
    });
    expect(await handler(1, context)).toBe('connection 1');
    expect(await handler(2, context)).toBe('connection 2');
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('unreachable'))],
    [
      'throws',
      () => {
        throw new Error('unreachable');
      },
    ],
  ])('connects again at the next invocation when connecting %s', async (_, fail) => {
    const output = captureOutput();
    const connect = jest.fn<Promise<string>, []>().mockImplementationOnce(fail).mockResolvedValue('connection');
    const handler = createHandler({ name: 'example', connect, handle: async (connection: string) => connection });
    await expect(handler({}, context)).rejects.toThrow('unreachable');
    expect(await handler({}, context)).toBe('connection');
    output.restore();
  });

  it('logs a failure once, with code and context, and throws it again', async () => {
    const output = captureOutput();
    const error = new InputError('PIPE_EXAMPLE', 'expected better', { topic: 't', offset: '7' });
    const handler = createHandler({ name: 'example', connect: () => 0, handle: () => Promise.reject(error) });
    await expect(handler({}, context)).rejects.toBe(error);
    const lines = output.restore().filter(({ level }) => level === 'ERROR');
    expect(lines).toMatchObject([
      {
        message: 'expected better',
        service: 'example',
        function_request_id: context.awsRequestId,
        error: { code: 'PIPE_EXAMPLE' },
        context: { topic: 't', offset: '7' },
      },
    ]);
  });

  it('throws an Error when another value was thrown', async () => {
    const output = captureOutput();
    const handler = createHandler({ name: 'example', connect: () => 0, handle: () => Promise.reject('a text') });
    await expect(handler({}, context)).rejects.toThrow('a text');
    output.restore();
  });

  it.each([
    ['succeeds', undefined],
    ['fails', new Error('unreachable')],
  ])('publishes the metrics with the name of the function when the invocation %s', async (_, error) => {
    const output = captureOutput();
    const handler = createHandler({
      name: 'example',
      connect: ({ metrics }) => metrics,
      handle: async (metrics) => {
        metrics.add(METRIC.gapsFound, 3);
        if (error) throw error;
      },
    });
    await handler({}, context).catch(() => {});
    await handler({}, context).catch(() => {});
    const emitted = output.restore().filter((line) => '_aws' in line);
    expect(emitted).toHaveLength(2);
    for (const line of emitted) {
      expect(line).toMatchObject({ service: 'example', function: 'employee-streams-dev-example', GapsFound: 3 });
      expect(line['_aws']).toMatchObject({
        CloudWatchMetrics: [{ Namespace: 'EmployeeStreams', Dimensions: [['service', 'function']] }],
      });
    }
  });

  it('logs nothing when there are no metrics', async () => {
    const output = captureOutput();
    await createHandler({ name: 'example', connect: () => 0, handle: async () => 1 })({}, context);
    expect(output.restore()).toEqual([]);
  });
});
