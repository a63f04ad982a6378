import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { LambdaFunctionInvoker } from '../../../../functions/adapters/lambda/lambda-function-invoker.ts';
import { describeFunctionInvoker } from '../../../contract/function-invoker.ts';

let server: Server;
let client: LambdaClient;
let requests: { readonly request: IncomingMessage; readonly body: unknown }[];
let refuses: boolean;

/** Answers Lambda's Invoke API for asynchronous invocations. */
beforeEach(async () => {
  requests = [];
  refuses = false;
  server = createServer(async (request, response) => {
    const body = await json(request);
    if (!refuses) requests.push({ request, body });
    response.writeHead(refuses ? 403 : 202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});

afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describeFunctionInvoker('LambdaFunctionInvoker', async () => ({
  invoker: new LambdaFunctionInvoker(client, 'transform-csv'),
  queued: () => requests.map(({ body }) => body),
  refuse: () => {
    refuses = true;
  },
}));

describe('LambdaFunctionInvoker', () => {
  it('invokes its function asynchronously', async () => {
    await new LambdaFunctionInvoker(client, 'transform-csv').invokeAsync({});
    expect(requests).toHaveLength(1);
    const request = requests[0]?.request;
    expect(request).toMatchObject({ method: 'POST', url: '/2015-03-31/functions/transform-csv/invocations' });
    expect(request?.headers).toMatchObject({ 'x-amz-invocation-type': 'Event' });
  });
});
