import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FunctionInvoker } from '../../../../localstack/stack/service/function-invoker.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

let server: Server;
let answer: Answer;
let invoker: FunctionInvoker;

beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  invoker = new FunctionInvoker(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const failed = { 'x-amz-function-error': 'Unhandled' };

describe('FunctionInvoker', () => {
  it.each([
    ['the result of the function', '{"topics":4}', { topics: 4 }],
    ['nothing for an empty body', '', undefined],
  ])('returns %s', async (_, body, expected) => {
    answer = { body };
    expect(await invoker.invoke('provision', {})).toEqual(expected);
  });

  it.each([
    [
      "the function's own error",
      { headers: failed, body: '{"errorMessage":"no topic","errorType":"Error"}' },
      'no topic',
    ],
    ['the error of the Invoke API', { status: 404, body: '{"Message":"function not found"}' }, 'function not found'],
    ['a body that is not JSON', { status: 502, body: 'Bad Gateway' }, 'Bad Gateway'],
    ['JSON without a message', { status: 500, body: '{}' }, '{}'],
  ])('reports %s', async (_, response, message) => {
    answer = response;
    await expect(invoker.invoke('provision', {})).rejects.toThrow(`provision failed: ${message}`);
  });
});
